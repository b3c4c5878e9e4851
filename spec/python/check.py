"""Registers, sends, receives, joins, publishes and acknowledges with a running router, and checks
everything that comes: python3 check.py HOST:PORT IDENTITY-FILE DIRECTORY

The keys are made in the directory. It prints a line for each step, and ends with an error at the first
thing that is not as the specification says.
"""

import pathlib
import socket
import ssl
import sys
import time

import cbor2

from client import ACCEPTED, DECLARE, DELIVERED, DURABLE, FAST, JOIN, LEAVE, LISTEN, LOOKUP, NONE
from client import REQUEST, STORED, UNLISTEN, Handle, Refused, Session, serving
from keys import Key, identity

UNREACHABLE, NO_GRANT, UNBOUND, STALE = 10, 17, 18, 6


class World:
    """A router, and the services of this program."""

    def __init__(self, place, identity_file, directory):
        host, port = place.rsplit(":", 1)
        self.address = (host, int(port))
        with open(identity_file, encoding="ascii") as file:
            self.router = identity(file.read().strip())
        names = ["alice", "bob", "carol", "dave", "group", "circle"]
        self.keys = {name: Key(directory, name) for name in names}
        # It is greater than all that these keys had before.
        self.epoch = int(time.time() * 1000)

    def connect(self, name, *capabilities, **parameters):
        said = {"epoch": self.epoch, "capabilities": capabilities, **parameters}
        return Session.connect(self.address, self.keys[name], self.router, **said)

    def id(self, name):
        return self.keys[name].identity


def equal(found, expected):
    if found != expected:
        raise AssertionError(f"expected {expected!r}, found {found!r}")


def refused(code, ask):
    """Whatever `ask` asks for is refused with this code."""
    try:
        found = ask()
    except Refused as error:
        return equal(error.code, code)
    raise AssertionError(f"expected a reject with code {code}, found {found!r}")


def from_whom(delivery, world, name, cls=FAST, acknowledge=False, group=None):
    """A delivery is from this service, and says how it was sent."""
    origin = delivery.origin
    equal((origin.identity, origin.epoch, origin.group), (world.id(name), world.epoch, group))
    equal((origin.cls, origin.acknowledge), (cls, acknowledge))


def the_vectors_hold(_):
    """Messages are encoded as they were decoded from, and identities read (section 25)."""
    vectors = pathlib.Path(__file__).parent.parent / "vectors"
    files = sorted((vectors / "message" / "valid").glob("*.hex"))
    equal(len(files) > 100, True)
    for file in files:
        lines = file.read_text(encoding="utf-8").splitlines()
        message = bytes.fromhex("".join(line.partition("#")[0] for line in lines))
        equal(cbor2.dumps(cbor2.loads(message), canonical=True), message)
    for line in (vectors / "identity" / "valid.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            _, _, key, text = line.split()
            equal((identity(text), identity(text.upper())), (bytes.fromhex(key),) * 2)
    for line in (vectors / "identity" / "invalid.txt").read_text(encoding="utf-8").splitlines():
        what, _, text = line.partition(" ")
        # Whether it is a point of the curve is left to OpenSSL.
        if what not in ("#", "point", "weak"):
            try:
                found = identity(text)
            except ValueError:
                continue
            raise AssertionError(f"{what}: {text!r} was read as {found.hex()}")


def somebody_else_is_not_taken_for_the_router(world):
    wrong = world.id("bob")
    try:
        Session.connect(world.address, world.keys["alice"], wrong)
    except RuntimeError:
        return
    raise AssertionError("the router passed for somebody else")


def accept(listener, world, certificate):
    """The session of a router that dials: with a raw key first, which Python's TLS does not know."""
    context = serving(world.keys["bob"], certificate)
    while True:
        plain, _ = listener.accept()
        plain.settimeout(30)
        try:
            stream = context.wrap_socket(plain, server_side=True)
        except ssl.SSLError:
            continue
        return Session(stream, world.router)


def registers(world):
    """The router dials the route that bob registers, and tells others of it until he takes it back."""
    alice, bob = world.connect("alice", "lookup"), world.connect("bob")
    equal(alice.hello[2], ["durable", "lookup"])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        route = f"tls://127.0.0.1:{listener.getsockname()[1]}"
        statement = [world.id("bob"), world.epoch, [route], int(time.time()) + 600]
        record = world.keys["bob"].signed("tuyau listen 1", statement)
        bob.ask(LISTEN, record)
        dialled = accept(listener, world, bob.certificate)
        greeting = dialled.delivery()
        equal((greeting.origin.identity, greeting.body), (world.router, b"hi there"))
        dialled.close()
    found = alice.ask(LOOKUP, world.id("bob"), awaited=("record",))
    equal(found, record)
    older = world.keys["bob"].signed("tuyau listen 1", [statement[0], 1, *statement[2:]])
    refused(STALE, lambda: bob.ask(LISTEN, older))
    gone = world.keys["bob"].signed("tuyau unlisten 1", [world.id("bob"), world.epoch + 1])
    bob.ask(UNLISTEN, gone)
    refused(UNREACHABLE, lambda: alice.ask(LOOKUP, world.id("bob"), awaited=("record",)))
    alice.close()
    bob.close()


def sends_and_receives(world):
    """Messages arrive in their order, with their numbers, and more of them than fit at once."""
    alice, bob = world.connect("alice"), world.connect("bob")
    bob.flush(1)
    handle = alice.bind(0, world.id("bob"))
    bodies = [b"%d " % count * 2000 for count in range(100)]
    numbers = []
    for body in bodies:
        numbers.append(alice.send(handle, body))
        delivery = bob.delivery()
        from_whom(delivery, world, "alice")
        equal((delivery.number, delivery.body), (numbers[-1], body))
    for number in numbers:
        equal(alice.answer(number), ACCEPTED)
    refused(UNBOUND, lambda: alice.answer(alice.send(Handle(7, FAST, ACCEPTED), b"x")))
    bob.close()
    refused(UNREACHABLE, lambda: to_nobody(alice, handle))
    alice.close()


def to_nobody(session, handle):
    """Sends until the router has noticed that the recipient is gone."""
    while True:
        session.answer(session.send(handle, b"anybody?"))


def acknowledges(world):
    """A receipt of the level delivered comes when the recipient has acknowledged."""
    alice, bob = world.connect("alice"), world.connect("bob")
    bob.flush(1)
    handle = alice.bind(1, world.id("bob"), level=DELIVERED)
    numbers = [alice.send(handle, body) for body in (b"one", b"two", b"three")]
    deliveries = [bob.delivery() for _ in numbers]
    for number, delivery in zip(numbers, deliveries):
        from_whom(delivery, world, "alice", acknowledge=True)
        equal(delivery.number, number)
    alice.flush(2)
    equal(alice.answers, {})
    bob.acknowledge(deliveries[0], deliveries[1])
    equal([alice.answer(number) for number in numbers[:2]], [DELIVERED, DELIVERED])
    bob.cut()
    refused(UNREACHABLE, lambda: alice.answer(numbers[2]))
    alice.close()


def asks_and_replies(world):
    alice, bob = world.connect("alice"), world.connect("bob")
    bob.flush(1)
    handle = alice.bind(2, world.id("bob"), cls=REQUEST, level=NONE, ttl=20_000)
    first, second = alice.send(handle, b"2 + 2?"), alice.send(handle, b"3 + 3?")
    for question, answer in ((b"2 + 2?", b"4"), (b"3 + 3?", b"6")):
        request = bob.delivery()
        from_whom(request, world, "alice", cls=REQUEST)
        equal((request.body, request.origin.ttl), (question, 20_000))
        bob.reply(request, answer)
    equal((alice.answer(first), alice.answer(second)), (b"4", b"6"))
    nobody = alice.bind(3, world.id("carol"), cls=REQUEST, level=NONE)
    refused(UNREACHABLE, lambda: alice.answer(alice.send(nobody, b"anybody?")))
    alice.close()
    bob.close()


def joins_and_publishes(world):
    """In an open group, and in a restricted one with grants."""
    alice, bob, carol = (world.connect(name) for name in ("alice", "bob", "carol"))
    group, key = world.id("group"), world.keys["group"]
    for member in (bob, carol):
        member.ask(JOIN, group, False, None)
    handle = alice.bind(4, group, group=True)
    equal(alice.answer(alice.send(handle, b"to all")), ACCEPTED)
    for member in (bob, carol):
        delivery = member.delivery()
        from_whom(delivery, world, "alice", group=group)
        equal(delivery.body, b"to all")
    carol.ask(LEAVE, group)

    # From now on nobody joins or publishes without a grant.
    rules = key.signed("tuyau group 1", [group, world.epoch, True, True, 5])
    alice.ask(DECLARE, rules)
    refused(NO_GRANT, lambda: alice.answer(alice.send(handle, b"not any more")))
    refused(NO_GRANT, lambda: carol.ask(JOIN, group, False, None))
    expires = int(time.time()) + 600

    def grant(name, number, rights):
        return key.signed("tuyau grant 1", [group, world.id(name), number, rights, expires])

    refused(NO_GRANT, lambda: carol.ask(JOIN, group, False, grant("carol", 4, 1)))
    carol.ask(JOIN, group, False, grant("carol", 5, 1))
    refused(NO_GRANT, lambda: alice.bind(4, group, group=True, grant=grant("alice", 5, 1)))
    handle = alice.bind(4, group, group=True, grant=grant("alice", 5, 2))
    equal(alice.answer(alice.send(handle, b"to some")), ACCEPTED)
    equal(carol.delivery().body, b"to some")
    # Bob's right ended with the rules: his join, the first thing that he said, is refused after all.
    refused(NO_GRANT, lambda: bob.answer(4096))
    bob.flush(9)
    equal(len(bob.deliveries), 0)
    for session in (alice, bob, carol):
        session.close()


HOUR = 3_600_000


def keeps_for_who_is_away(world):
    """What was stored comes when the recipient does, in order, and again until it acknowledges."""
    alice = world.connect("alice", "durable")
    stored = alice.bind(0, world.id("dave"), cls=DURABLE, level=STORED, ttl=HOUR)
    delivered = alice.bind(1, world.id("dave"), cls=DURABLE, level=DELIVERED, ttl=HOUR)
    numbers = [alice.send(stored, body) for body in (b"one", b"two", b"three")]
    numbers.append(alice.send(delivered, b"four"))
    equal([alice.answer(number) for number in numbers[:3]], [STORED] * 3)

    dave = world.connect("dave")
    came = [dave.delivery() for _ in numbers]
    for delivery in came:
        from_whom(delivery, world, "alice", cls=DURABLE, acknowledge=True)
        equal((delivery.origin.ttl, delivery.again), (HOUR, False))
    equal([it.number for it in came], numbers)
    equal([it.body for it in came], [b"one", b"two", b"three", b"four"])
    dave.acknowledge(came[0], came[1])
    dave.flush(1)
    dave.cut()
    dave = world.connect("dave")
    for expected in came[2:]:
        delivery = dave.delivery()
        equal((delivery.number, delivery.body), (expected.number, expected.body))
        equal(delivery.again, True)
        dave.acknowledge(delivery)
    equal(alice.answer(numbers[3]), DELIVERED)

    # The same ids again: they are recognised, answered as before, and go to nobody.
    alice.close()
    alice = world.connect("alice", "durable")
    handle = alice.bind(0, world.id("dave"), cls=DURABLE, level=DELIVERED, ttl=HOUR)
    alice.last = numbers[0] - 1
    again = [alice.send(handle, body) for body in (b"one", b"two", b"three", b"four")]
    equal(again, numbers)
    equal([alice.answer(number) for number in again], [DELIVERED] * 4)
    dave.flush(2)
    equal([delivery.body for delivery in dave.deliveries], [])
    alice.close()
    dave.close()


def keeps_for_members_who_are_away(world):
    """A durable member gets what was published while it was away, until it leaves."""
    alice, bob = world.connect("alice", "durable"), world.connect("bob", "durable")
    circle = world.id("circle")
    bob.ask(JOIN, circle, True, None)
    bob.close()
    handle = alice.bind(2, circle, group=True, cls=DURABLE, level=DELIVERED, ttl=HOUR)
    number = alice.send(handle, b"while bob is away")
    bob = world.connect("bob", "durable")
    delivery = bob.delivery()
    from_whom(delivery, world, "alice", cls=DURABLE, acknowledge=True, group=circle)
    equal((delivery.number, delivery.body), (number, b"while bob is away"))
    bob.acknowledge(delivery)
    equal(alice.answer(number), DELIVERED)
    bob.ask(LEAVE, circle)
    equal(alice.answer(alice.send(handle, b"nobody is missing")), DELIVERED)
    bob.flush(1)
    equal(len(bob.deliveries), 0)
    alice.close()
    bob.close()


STEPS = [
    the_vectors_hold,
    somebody_else_is_not_taken_for_the_router,
    registers,
    sends_and_receives,
    acknowledges,
    asks_and_replies,
    joins_and_publishes,
    keeps_for_who_is_away,
    keeps_for_members_who_are_away,
]


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    world = World(*sys.argv[1:])
    for step in STEPS:
        step(world)
        print(f"ok {step.__name__}", flush=True)


if __name__ == "__main__":
    main()
