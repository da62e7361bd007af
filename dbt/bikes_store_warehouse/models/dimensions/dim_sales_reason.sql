with

sales_reasons as (

    select * from {{ source('bikes_store_staging', 'salesreason') }}

),

renamed as (

    select
        {{ surrogate_key(['salesreasonid']) }} as sk_sales_reason,
        salesreasonid::bigint as nk_sales_reason,
        name::text as sales_reason_name,
        reasontype::text as sales_reason_type,
        modifieddate as modified_at
    from sales_reasons

),

unknown_member as (

    select
        {{ unknown_key() }} as sk_sales_reason,
        -1::bigint as nk_sales_reason,
        'Unknown' as sales_reason_name,
        'Unknown' as sales_reason_type,
        null::timestamp as modified_at

)

select * from renamed
union all
select * from unknown_member
