-- One row for each sales person and day on which a quota was set.
with

quotas as (

    select * from {{ source('bikes_store_staging', 'salespersonquotahistory') }}

),

sales_people as (

    {{ versions(ref('dim_sales_person'), 'nk_sales_person') }}

),

dates as (

    select * from {{ ref('dim_date') }}

),

keyed as (

    select
        {{ surrogate_key(['quotas.businessentityid', 'quotas.quotadate']) }} as sk_sales_quota,
        {{ or_unknown('sales_people.sk_sales_person') }} as sk_sales_person,
        {{ or_unknown('dates.sk_date') }} as sk_quota_date,
        quotas.businessentityid::bigint as nk_sales_person,
        quotas.salesquota as sales_quota,
        quotas.quotadate as quota_at,
        quotas.modifieddate as modified_at
    from quotas
    left join sales_people
        on quotas.businessentityid = sales_people.nk_sales_person and {{ holds_at('sales_people', 'quotas.quotadate') }}
    left join dates on quotas.quotadate::date = dates.nk_date

)

select * from keyed
