with

currencies as (

    select * from {{ source('bikes_store_staging', 'currency') }}

),

renamed as (

    select
        {{ surrogate_key(['rtrim(currencycode)']) }} as sk_currency,
        rtrim(currencycode) as nk_currency,
        name::text as currency_name,
        modifieddate as modified_at
    from currencies

),

unknown_member as (

    select
        {{ unknown_key() }} as sk_currency,
        'N/A' as nk_currency,
        'Unknown' as currency_name,
        null::timestamp as modified_at

)

select * from renamed
union all
select * from unknown_member
