//! Stratified negation and aggregates over groups.

use rows::Run;

use crate::table::{Map, Set, pack};

/// spent(customer, count, sum) of the distinct sale(customer, product, amount) without returned(customer, product).
pub fn negation_groups(run: &Run) {
    let returned: Set<u64> = run.read::<2>("returned").into_iter().map(|[c, p]| pack(c, p)).collect();
    let sales = run.read::<3>("sale");
    let mut seen = Set::<[u32; 3]>::with_capacity_and_hasher(sales.len(), Default::default());
    let mut groups = Map::<u32, (u64, u64)>::default();
    for sale in sales {
        let [customer, product, amount] = sale;
        if seen.insert(sale) && !returned.contains(&pack(customer, product)) {
            let group = groups.entry(customer).or_default();
            *group = (group.0 + 1, group.1 + u64::from(amount));
        }
    }
    let rows = groups.into_iter().map(|(customer, (count, sum))| [u64::from(customer), count, sum]);
    run.write("spent", rows);
}
