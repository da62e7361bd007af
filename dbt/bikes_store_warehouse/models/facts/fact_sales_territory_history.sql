-- One row for each period in which a sales person worked a territory.
with

assignments as (

    select
        businessentityid,
        territoryid,
        startdate,
        -- some systems write 9999-12-31 or infinity while a period goes on
        case when {{ is_real_date('enddate') }} then enddate end as enddate,
        modifieddate
    from {{ source('bikes_store_staging', 'salesterritoryhistory') }}

),

sales_people as (

    {{ versions(ref('dim_sales_person'), 'nk_sales_person') }}

),

sales_territories as (

    {{ versions(ref('dim_sales_territory'), 'nk_sales_territory') }}

),

dates as (

    select * from {{ ref('dim_date') }}

),

keyed as (

    select
        {{ surrogate_key(['assignments.businessentityid', 'assignments.startdate', 'assignments.territoryid']) }}
            as sk_territory_assignment,
        {{ or_unknown('sales_people.sk_sales_person') }} as sk_sales_person,
        {{ or_unknown('sales_territories.sk_sales_territory') }} as sk_sales_territory,
        {{ or_unknown('start_dates.sk_date') }} as sk_start_date,
        {{ or_unknown('end_dates.sk_date') }} as sk_end_date,
        assignments.businessentityid::bigint as nk_sales_person,
        assignments.territoryid::bigint as nk_sales_territory,
        assignments.enddate is null as is_current,
        assignments.startdate as started_at,
        assignments.enddate as ended_at,
        assignments.modifieddate as modified_at
    from assignments
    left join sales_people
        on
            assignments.businessentityid = sales_people.nk_sales_person
            and {{ holds_at('sales_people', 'assignments.startdate') }}
    left join sales_territories
        on
            assignments.territoryid = sales_territories.nk_sales_territory
            and {{ holds_at('sales_territories', 'assignments.startdate') }}
    left join dates as start_dates on assignments.startdate::date = start_dates.nk_date
    left join dates as end_dates on assignments.enddate::date = end_dates.nk_date

)

select * from keyed
