//! What is made of the bytes that come. Nearly all random bytes are refused at the first look; what is almost
//! right reaches further.

/// More than a record may have, and in a form, escaped, less than a form may have.
const LONGEST: usize = 5_000;

/// What a test begins with.
pub struct Material {
    examples: Vec<Vec<u8>>,
    pieces: &'static [&'static [u8]],
}

impl Material {
    /// `examples` are real, and `pieces` are what somebody would try who knows the code.
    pub fn of(examples: &[super::corpus::Example], pieces: &'static [&'static [u8]]) -> Self {
        Self { examples: examples.iter().map(|(_, bytes)| bytes.clone()).collect(), pieces }
    }

    /// The bytes as they are, an example with the changes that they say, and the pieces that they name.
    pub fn readings(&self, input: &[u8]) -> [Vec<u8>; 3] {
        [input.to_vec(), self.changed(Script(input)), self.composed(input)].map(|mut bytes| {
            bytes.truncate(LONGEST);
            bytes
        })
    }

    fn changed(&self, mut script: Script<'_>) -> Vec<u8> {
        let mut bytes = script.one_of(&self.examples).clone();
        for _ in 0..=script.below(4) {
            let at = script.below(bytes.len() + 1);
            let rest = bytes.len() - at;
            match script.below(7) {
                0 if rest > 0 => bytes[at] ^= 1 << script.below(8),
                1 if rest > 0 => bytes[at] = script.byte(),
                2 => bytes.insert(at, script.byte()),
                3 => {
                    let instead_of = script.below(2).min(rest);
                    bytes.splice(at..at + instead_of, script.one_of(self.pieces).iter().copied());
                }
                4 => drop(bytes.drain(at..at + script.below(rest + 1))),
                5 => {
                    let other = script.one_of(&self.examples);
                    bytes.splice(at.., other[script.below(other.len() + 1)..].iter().copied());
                }
                _ => {
                    let repeated = bytes[at..].repeat(script.below(8));
                    bytes.extend(repeated);
                }
            }
        }
        bytes
    }

    /// From 128 on, a byte names a piece; below, it is itself.
    fn composed(&self, input: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for byte in input {
            match byte.checked_sub(128) {
                Some(piece) => bytes.extend_from_slice(self.pieces[usize::from(piece) % self.pieces.len()]),
                None => bytes.push(*byte),
            }
        }
        bytes
    }
}

/// The bytes that came, taken as choices; when there are none left, each is the first.
struct Script<'a>(&'a [u8]);

impl Script<'_> {
    fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    fn below(&mut self, end: usize) -> usize {
        let high = if end > 256 { usize::from(self.byte()) << 8 } else { 0 };
        (high | usize::from(self.byte())) % end
    }

    fn one_of<'t, T>(&mut self, things: &'t [T]) -> &'t T {
        &things[self.below(things.len())]
    }
}
