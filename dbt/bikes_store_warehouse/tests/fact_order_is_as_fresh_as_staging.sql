-- Freshness: the newest change that staging holds has reached fact_order.
with

newest as (

    select
        (select max(modifieddate) from {{ source('bikes_store_staging', 'salesorderdetail') }}) as staged_at,
        (select max(modified_at) from {{ ref('fact_order') }}) as held_at

)

select
    staged_at,
    held_at
from newest
where staged_at > held_at or (staged_at is not null and held_at is null)
