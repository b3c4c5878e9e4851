"""A session of the wire protocol, from the specification alone (../README.md).

It is small rather than complete: one thread, one session at a time, and whatever the router must not
say ends the program with an error that says what was expected.
"""

import collections
import socket
import ssl

import cbor2

from keys import key_of

HELLO, LISTEN, UNLISTEN, BIND, UNBIND, SEND, ANNOUNCE, DELIVER, REDELIVER = range(9)
ACKNOWLEDGE, RECEIPT, REJECT, CREDIT, REPLY, REPLIED, JOIN, LEAVE, DECLARE = range(9, 18)
LOOKUP, FOUND, PING, PONG, DRAIN, MISSED = range(18, 24)

FAST, DURABLE, REQUEST = range(3)
NONE, ACCEPTED, STORED, DELIVERED = range(4)

LONGEST = 1 << 20

#: What came: the handle's announcement, the number, the body, and whether it may have come before.
Delivery = collections.namedtuple("Delivery", "origin handle number body again")
#: What a handle of the router stands for.
Origin = collections.namedtuple("Origin", "identity epoch group cls acknowledge ttl")
#: What a handle of this side was bound to, as far as sending goes.
Handle = collections.namedtuple("Handle", "number cls level")


class Refused(Exception):
    """A reject: the code is for programs, the text for persons."""

    def __init__(self, code, text):
        super().__init__(f"reject {code}: {text}")
        self.code = code


def dialling(key):
    """TLS 1.3 towards whoever answers: what it proves is compared afterwards (section 3)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(key.certificate, key.file)
    return context


def serving(key, certificate):
    """TLS 1.3 for a router that dials, and has this certificate: Python asks nobody for another one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=certificate)
    context.load_cert_chain(key.certificate, key.file)
    return context


class Session:
    """A session over a TLS connection to a router of this identity."""

    def __init__(self, stream, router, epoch=0, capabilities=(), parameters=()):
        self.stream = stream
        self.certificate = stream.getpeercert(binary_form=True)
        if key_of(self.certificate) != router:
            stream.close()
            raise RuntimeError("somebody else than the router answers")
        self.buffer = b""
        self.last = 4095
        self.waiting = {}  # The level for which a number waits, or the type of its answer.
        self.answers = {}  # What came of a number.
        self.totals = collections.Counter()  # What was sent on the handles, in bytes.
        self.limits = {}  # What may be, as far as the router raised it.
        self.origins = {}  # What the router's handles stand for.
        self.deliveries = collections.deque()
        stated = {0: epoch, **dict(parameters)}
        self.say([HELLO, [2], sorted(capabilities), 0, "python/1", LONGEST, stated])
        self.hello = self.read()
        if self.hello[0] != HELLO or 2 not in self.hello[1] or self.hello[3] != 1:
            raise RuntimeError(f"expected the hello of a router, found {self.hello}")

    @classmethod
    def connect(cls, address, key, router, **said):
        """A session that this side opens."""
        plain = socket.create_connection(address, timeout=30)
        return cls(dialling(key).wrap_socket(plain), router, **said)

    def close(self):
        """Ends the session in order, with close_notify."""
        try:
            self.stream.unwrap()
        except ssl.SSLError:
            pass  # The router was still saying something, such as credit: nobody wants it any more.
        self.stream.close()

    def cut(self):
        """Ends the session as a crash does."""
        self.stream.close()

    # Frames and messages.

    def say(self, message):
        """Writes a message in its frame (sections 4 and 5)."""
        self.stream.sendall(cbor2.dumps(cbor2.dumps(message, canonical=True)))

    def read(self):
        """The next message, whatever it is."""
        while True:
            if self.buffer:
                head = self.buffer[0]
                if not 0x40 <= head <= 0x5B:
                    raise RuntimeError(f"expected a byte string, found byte {head:#x}")
                size = 0 if head < 0x58 else 1 << (head - 0x58)
                length = head - 0x40
                if size:
                    length = int.from_bytes(self.buffer[1 : 1 + size], "big")
                begin = 1 + size
                if len(self.buffer) >= begin and length > LONGEST:
                    raise RuntimeError(f"a message of {length} bytes")
                if len(self.buffer) >= begin + length:
                    message = self.buffer[begin : begin + length]
                    self.buffer = self.buffer[begin + length :]
                    return cbor2.loads(message)
            chunk = self.stream.recv(65536)
            if not chunk:
                raise EOFError("the router closed the session")
            self.buffer += chunk

    def hear(self):
        """Takes in the next message: an answer, a delivery, or something to be answered."""
        message = self.read()
        kind = message[0]
        if kind == PING:
            self.say([PONG, message[1]])
        elif kind == CREDIT:
            self.limits[message[1]] = message[2]
        elif kind == ANNOUNCE:
            self.origins[message[1]] = Origin(*message[2:])
        elif kind in (DELIVER, REDELIVER):
            _, handle, number, body = message
            origin = self.origins[handle]
            self.deliveries.append(Delivery(origin, handle, number, body, kind == REDELIVER))
        elif kind == RECEIPT:
            _, level, first, last = message
            for number in [it for it, awaited in self.waiting.items() if awaited == ("level", level)]:
                if first <= number <= last:
                    self.settle(number, level)
        elif kind in (FOUND, REPLIED):
            self.settle(message[1], message[2])
        elif kind == REJECT and message[1] is not None:
            self.settle(message[1], Refused(*message[2:]))
        elif kind == REJECT:
            raise Refused(*message[2:])
        elif kind == PONG:
            self.settle(("pong", message[1]), True)
        else:
            raise RuntimeError(f"an unexpected message: {message}")

    def settle(self, number, answer):
        """Notes the answer to a number; a reject can also come for what was accepted before."""
        self.waiting.pop(number, None)
        self.answers[number] = answer

    # Asking, and waiting for answers.

    def number(self):
        """The next number: it grows over all kinds of messages (section 7)."""
        self.last += 1
        return self.last

    def post(self, kind, *elements, awaited=("level", ACCEPTED)):
        """Says something that is numbered, and gives its number."""
        number = self.number()
        self.waiting[number] = awaited
        self.say([kind, number, *elements])
        return number

    def answer(self, number):
        """Waits for what came of a number, and raises what was refused."""
        while number not in self.answers:
            self.hear()
        answer = self.answers.pop(number)
        if isinstance(answer, Refused):
            raise answer
        return answer

    def ask(self, kind, *elements, awaited=("level", ACCEPTED)):
        """Says something that is numbered, and waits for the answer."""
        return self.answer(self.post(kind, *elements, awaited=awaited))

    def flush(self, token):
        """Waits until the router has read all that was said."""
        self.say([PING, token])
        self.answer(("pong", token))

    # Sending and receiving.

    def bind(self, handle, to, cls=FAST, level=ACCEPTED, ttl=0, group=False, grant=None):
        """Binds a handle (section 8)."""
        self.ask(BIND, handle, int(group), to, grant, cls, level, ttl)
        self.totals.pop(handle, None)
        self.limits.pop(handle, None)
        return Handle(handle, cls, level)

    def send(self, handle, body):
        """Sends on a handle, as soon as there is credit (section 11), and gives the number."""
        credit = self.hello[6].get(3, 65536)
        while self.totals[handle.number] >= self.limits.get(handle.number, credit):
            self.hear()
        number = self.number()
        message = [SEND, handle.number, number, body]
        self.totals[handle.number] += len(cbor2.dumps(message, canonical=True))
        if handle.cls == REQUEST:
            self.waiting[number] = ("reply",)
        elif handle.level != NONE:
            self.waiting[number] = ("level", handle.level)
        self.say(message)
        return number

    def delivery(self):
        """Waits for the next delivery."""
        while not self.deliveries:
            self.hear()
        return self.deliveries.popleft()

    def acknowledge(self, first, last=None):
        """Says that deliveries under one handle are done with."""
        self.say([ACKNOWLEDGE, first.handle, first.number, (last or first).number])

    def reply(self, request, body):
        """Answers a request."""
        self.say([REPLY, request.handle, request.number, body])
