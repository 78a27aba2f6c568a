"""What a host has taken away from persons until it is given back: the microphone, the camera."""

from dataclasses import dataclass, field


@dataclass
class Hold:
    """Of one medium. Who comes later is held, too, if everybody is."""

    everybody: bool = False
    persons: set[str] = field(default_factory=set)
    exempt: set[str] = field(default_factory=set)

    def holds(self, person: str) -> bool:
        return person in self.persons or (self.everybody and person not in self.exempt)

    def hold(self, person: str) -> None:
        self.persons.add(person)
        self.exempt.discard(person)

    def hold_all(self) -> None:
        self.everybody = True
        self.exempt.clear()

    def release(self, person: str) -> None:
        self.persons.discard(person)
        if self.everybody:
            self.exempt.add(person)

    def release_all(self) -> None:
        self.everybody = False
        self.persons.clear()
        self.exempt.clear()
