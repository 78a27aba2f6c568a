//! The dependency descriptor: read, rewritten, and unbreakable.
use super::seeded;
use polyana_wire::Error;
use polyana_wire::dependency::{Indication, Mandatory, Structure, attached_structure, read, rewrite};
use proptest::prelude::*;

/// As Chromium sends them for AV1 in mode L3T3_KEY.
const KEYFRAME: &str = "c0000180081485214eaaaaa8000600004000100002aa80a8000600004000100002a000a800060000400016d549\
241b5524906d54923157e001974ca864330e222396eca8655304224390eca8775300ef008601df010d03bf021b";
const KEYFRAME_OF_THE_SECOND_LAYER: &str = "c50002";
const DELTA_WITH_OWN_REFERENCES: &str = "8100091ae0403800";

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
        .collect()
}

fn structure() -> Structure {
    attached_structure(&bytes(KEYFRAME)).unwrap().unwrap()
}

#[test]
fn the_structure_of_three_spatial_and_three_temporal_layers() {
    let structure = structure();
    assert_eq!((structure.decode_targets(), structure.max_spatial_id()), (9, 2));
    let layers: Vec<_> = (0..9).map(|target| structure.layer_of(target)).collect();
    let expected: Vec<_> = (0..3)
        .flat_map(|spatial| (0..3).map(move |temporal| (spatial, temporal)))
        .collect();
    assert_eq!(layers, expected);
    let sizes: Vec<_> = (0..3).map(|spatial| structure.size_of(spatial)).collect();
    assert_eq!(sizes, [Some((240, 135)), Some((480, 270)), Some((960, 540))]);
    // Between keyframes no layer needs those below: whoever gets the third has not all of the others.
    assert_eq!(structure.contained_in(8), 0b1_1100_0000);
    assert_eq!(structure.contained_in(1), 0b11);
    assert_eq!(structure.all_targets(), 0x1ff);
}

#[test]
fn frames_are_read_by_their_template_and_what_differs_from_it() {
    let structure = structure();
    let keyframe = read(&bytes(KEYFRAME), &structure).unwrap();
    assert!(keyframe.mandatory.start_of_frame && keyframe.mandatory.end_of_frame);
    assert!(keyframe.frame.brings_structure() && keyframe.frame.references.distances().is_empty());
    assert!((0..9).all(|target| keyframe.frame.indications.of(target) == Indication::Switch));
    let upper = read(&bytes(KEYFRAME_OF_THE_SECOND_LAYER), &structure).unwrap();
    assert_eq!(
        (
            upper.mandatory.frame_number,
            upper.frame.spatial_id,
            upper.frame.temporal_id
        ),
        (2, 1, 0)
    );
    assert_eq!(upper.frame.references.distances(), [1]);
    assert_eq!(upper.frame.indications.of(0), Indication::NotPresent);
    let delta = read(&bytes(DELTA_WITH_OWN_REFERENCES), &structure).unwrap();
    assert!(delta.mandatory.start_of_frame && !delta.mandatory.end_of_frame);
    assert_eq!((delta.mandatory.frame_number, delta.frame.spatial_id), (9, 0));
    assert_eq!(delta.frame.references.distances(), [8]);
}

#[test]
fn what_needs_a_structure_says_so() {
    assert!(
        attached_structure(&bytes(KEYFRAME_OF_THE_SECOND_LAYER))
            .unwrap()
            .is_none()
    );
    assert_eq!(Mandatory::parse(&[0xc0, 1]), Err(Error::Truncated));
    let unknown_template = [0xff, 0, 1];
    assert_eq!(
        read(&unknown_template, &structure()).unwrap_err(),
        Error::Malformed
    );
}

#[test]
fn numbers_and_targets_are_rewritten_and_nothing_else() {
    let structure = structure();
    for (element, before) in [
        (KEYFRAME, 0x1ff),
        (KEYFRAME_OF_THE_SECOND_LAYER, 0),
        (DELTA_WITH_OWN_REFERENCES, 0),
    ] {
        let element = bytes(element);
        let original = read(&element, &structure).unwrap();
        assert_eq!(original.frame.active_targets.unwrap_or(0), before);
        let mut out = [0xff; 260];
        let length = rewrite(&element, original.frame.after_structure, 0xfffe, None, &mut out).unwrap();
        assert_eq!((&out[..1], &out[3..length]), (&element[..1], &element[3..]));
        let length = rewrite(
            &element,
            original.frame.after_structure,
            7,
            Some((0b101, 9)),
            &mut out,
        )
        .unwrap();
        assert_eq!(
            attached_structure(&out[..length]).unwrap().is_some(),
            original.frame.brings_structure()
        );
        let again = read(&out[..length], &structure).unwrap();
        assert_eq!(again.mandatory.frame_number, 7);
        assert_eq!(again.frame.active_targets, Some(0b101));
        assert_eq!(again.frame.references, original.frame.references);
        assert_eq!(again.frame.indications, original.frame.indications);
        // Once more: what was there is replaced.
        let once = out[..length].to_vec();
        let length = rewrite(&once, again.frame.after_structure, 8, Some((0b11, 9)), &mut out).unwrap();
        assert_eq!(
            read(&out[..length], &structure).unwrap().frame.active_targets,
            Some(0b11)
        );
        assert!(length <= once.len() + 1);
    }
}

#[test]
fn a_structure_is_known_again() {
    let same = structure();
    assert!(same.is_same(&structure()));
    let mut other = bytes(KEYFRAME);
    other[4] ^= 0x20; // among the template layers
    let other = attached_structure(&other).ok().flatten();
    assert!(other.is_none_or(|other| !same.is_same(&other)));
}

proptest! {
    #![proptest_config(seeded())]

    #[test]
    fn no_descriptor_breaks_the_reader(mut element in proptest::collection::vec(any::<u8>(), 0..255), structured: bool) {
        if structured && element.len() > 3 {
            element[3] |= 0x80;
        }
        let _ = Mandatory::parse(&element);
        let own = attached_structure(&element).ok().flatten().unwrap_or_else(structure);
        if let Ok(found) = read(&element, &own) {
            let mut out = [0; 260];
            let mask = own.all_targets() & 0x15555;
            let active = Some((mask, own.decode_targets()));
            let length = rewrite(&element, found.frame.after_structure, 77, active, &mut out).unwrap();
            let again = read(&out[..length], &own).unwrap();
            prop_assert_eq!(again.mandatory.frame_number, 77);
            prop_assert_eq!(again.frame.active_targets, Some(mask));
            prop_assert_eq!(again.frame.references, found.frame.references);
            prop_assert_eq!(again.frame.indications, found.frame.indications);
        }
    }
}
