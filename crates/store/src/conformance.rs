//! What every object store under the block store must do: one suite for all of them.
//!
//! Call [`objects`] with an empty store of any kind (memory, directory, S3). It panics where a promise of
//! [`crate::objects`] is broken. Durability cannot be seen from inside; the promises that can be are here.

use bytes::Bytes;

use crate::objects::Objects;

/// Check the promises of [`Objects`] against an empty store.
pub fn objects(objects: &dyn Objects) {
    absent_things(objects);
    writes(objects);
    ranges(objects);
    listings(objects);
    races(objects);
}

fn absent_things(objects: &dyn Objects) {
    assert_eq!(objects.size("packs/none").expect("size"), None);
    assert_eq!(objects.get("packs/none").expect("get"), None);
    assert!(objects.get_range("packs/none", 0..1).is_err());
    assert!(objects.list("packs").expect("list").is_empty());
    objects.delete("packs/none").expect("deleting nothing is fine");
}

fn writes(objects: &dyn Objects) {
    let parts = vec![Bytes::from_static(b"one "), Bytes::new(), Bytes::from_static(b"two")];
    assert!(objects.put_new("packs/a", parts).expect("put"));
    assert!(!objects.put_new("packs/a", vec![Bytes::from_static(b"other")]).expect("put"));
    assert_eq!(objects.get("packs/a").expect("get").expect("there"), "one two");
    assert_eq!(objects.size("packs/a").expect("size"), Some(7));
    objects.replace("packs/a", Bytes::from_static(b"three")).expect("replace");
    assert_eq!(objects.get("packs/a").expect("get").expect("there"), "three");
    objects.replace("packs/b", Bytes::from_static(b"new")).expect("replace");
    objects.delete("packs/a").expect("delete");
    assert_eq!(objects.get("packs/a").expect("get"), None);
    assert!(objects.put_new("packs/a", vec![Bytes::from_static(b"again")]).expect("put"));
    objects.delete("packs/a").expect("delete");
    objects.delete("packs/b").expect("delete");
}

fn ranges(objects: &dyn Objects) {
    let bytes: Vec<u8> = (0..=255).cycle().take(3 << 20).collect();
    let parts = bytes.chunks(70_001).map(Bytes::copy_from_slice).collect();
    objects.put_new("packs/long", parts).expect("put");
    for range in [0..1, 5..100_000, (3 << 20) - 1..3 << 20, 0..3 << 20] {
        let read = objects.get_range("packs/long", range.clone()).expect("read");
        assert_eq!(read, bytes[range.start as usize..range.end as usize]);
    }
    let beyond = (3 << 20) - 5..(3 << 20) + 5;
    assert!(objects.get_range("packs/long", beyond).is_err(), "a short read is an error");
    objects.delete("packs/long").expect("delete");
}

fn listings(objects: &dyn Objects) {
    for n in 0..50 {
        let bytes = vec![Bytes::from(vec![0; n])];
        objects.put_new(&format!("packs/{n:032x}"), bytes).expect("put");
    }
    objects.put_new("condemned/x", vec![Bytes::new()]).expect("put");
    objects.put_new("packs-not", vec![Bytes::new()]).expect("put");
    let mut listed = objects.list("packs").expect("list");
    listed.sort_by(|one, two| one.name.cmp(&two.name));
    assert_eq!(listed.len(), 50, "only what is in the directory");
    for (n, entry) in listed.iter().enumerate() {
        assert_eq!((entry.name.clone(), entry.bytes), (format!("packs/{n:032x}"), n as u64));
        objects.delete(&entry.name).expect("delete");
    }
    objects.delete("condemned/x").expect("delete");
    objects.delete("packs-not").expect("delete");
}

/// Of many who create one object, one does.
fn races(objects: &dyn Objects) {
    let created: usize = std::thread::scope(|scope| {
        let tries: Vec<_> =
            (0..8u8).map(|n| scope.spawn(move || objects.put_new("packs/raced", vec![vec![n; 1000].into()]))).collect();
        tries.into_iter().map(|t| usize::from(t.join().expect("no panic").expect("put"))).sum()
    });
    assert_eq!(created, 1);
    let bytes = objects.get("packs/raced").expect("get").expect("there");
    assert!(bytes.len() == 1000 && bytes.iter().all(|b| *b == bytes[0]), "never a mixture");
    objects.delete("packs/raced").expect("delete");
}
