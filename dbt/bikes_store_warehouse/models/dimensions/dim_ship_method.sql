with

ship_methods as (

    select * from {{ source('bikes_store_staging', 'shipmethod') }}

),

renamed as (

    select
        {{ surrogate_key(['shipmethodid']) }} as sk_ship_method,
        shipmethodid::bigint as nk_ship_method,
        name::text as ship_method_name,
        shipbase as ship_base,
        shiprate as ship_rate,
        modifieddate as modified_at
    from ship_methods

),

unknown_member as (

    select
        {{ unknown_key() }} as sk_ship_method,
        -1::bigint as nk_ship_method,
        'Unknown' as ship_method_name,
        null::numeric as ship_base,
        null::numeric as ship_rate,
        null::timestamp as modified_at

)

select * from renamed
union all
select * from unknown_member
