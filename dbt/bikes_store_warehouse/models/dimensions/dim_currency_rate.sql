with

currency_rates as (

    select * from {{ source('bikes_store_staging', 'currencyrate') }}

),

renamed as (

    select
        {{ surrogate_key(['currencyrateid']) }} as sk_currency_rate,
        currencyrateid::bigint as nk_currency_rate,
        rtrim(fromcurrencycode) as from_currency_code,
        rtrim(tocurrencycode) as to_currency_code,
        averagerate as average_rate,
        endofdayrate as end_of_day_rate,
        currencyratedate::date as currency_rate_date,
        modifieddate as modified_at
    from currency_rates

),

unknown_member as (

    select
        {{ unknown_key() }} as sk_currency_rate,
        -1::bigint as nk_currency_rate,
        'N/A' as from_currency_code,
        'N/A' as to_currency_code,
        null::numeric as average_rate,
        null::numeric as end_of_day_rate,
        null::date as currency_rate_date,
        null::timestamp as modified_at

)

select * from renamed
union all
select * from unknown_member
