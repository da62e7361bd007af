with

special_offers as (

    select * from {{ source('bikes_store_staging', 'specialoffer') }}

),

renamed as (

    select
        {{ surrogate_key(['specialofferid']) }} as sk_special_offer,
        specialofferid::bigint as nk_special_offer,
        description::text as special_offer_name,
        type::text as special_offer_type,
        category::text as special_offer_category,
        discountpct as discount_pct,
        minqty as min_qty,
        maxqty as max_qty,
        startdate as starts_at,
        enddate as ends_at,
        modifieddate as modified_at
    from special_offers

),

unknown_member as (

    select
        {{ unknown_key() }} as sk_special_offer,
        -1::bigint as nk_special_offer,
        'Unknown' as special_offer_name,
        'Unknown' as special_offer_type,
        'Unknown' as special_offer_category,
        null::numeric as discount_pct,
        null::integer as min_qty,
        null::integer as max_qty,
        null::timestamp as starts_at,
        null::timestamp as ends_at,
        null::timestamp as modified_at

)

select * from renamed
union all
select * from unknown_member
