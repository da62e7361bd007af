-- What each sales person sold against each quota. A quota counts from its date until the day before the next one.
with

quotas as (

    select
        nk_sales_person,
        sales_quota,
        quota_at::date as starts_on,
        coalesce(
            lead(quota_at::date) over (partition by nk_sales_person order by quota_at),
            -- quotas are set by the quarter, so the last one counts for three months
            (quota_at::date + interval '3 months')::date
        ) as ends_before
    from {{ ref('fact_sales_quota_history') }}

),

sales as (

    select
        sales_people.nk_sales_person,
        dates.nk_date as order_date,
        sum(order_lines.line_total) as revenue,
        count(distinct order_lines.nk_sales_order) as orders
    from {{ ref('fact_order') }} as order_lines
    inner join {{ ref('dim_date') }} as dates on order_lines.sk_order_date = dates.sk_date
    inner join {{ ref('dim_sales_person') }} as sales_people
        on order_lines.sk_sales_person = sales_people.sk_sales_person
    group by 1, 2

),

current_sales_people as (

    {{ latest_versions(ref('dim_sales_person'), 'nk_sales_person') }}

),

compared as (

    select
        quotas.nk_sales_person,
        coalesce(current_sales_people.sales_person_name, 'Unknown') as sales_person_name,
        quotas.starts_on as quota_starts_on,
        quotas.ends_before as quota_ends_before,
        quotas.sales_quota,
        coalesce(sum(sales.orders), 0) as orders,
        coalesce(sum(sales.revenue), 0) as revenue
    from quotas
    left join current_sales_people on quotas.nk_sales_person = current_sales_people.nk_sales_person
    left join sales
        on
            quotas.nk_sales_person = sales.nk_sales_person
            and quotas.starts_on <= sales.order_date
            and quotas.ends_before > sales.order_date
    group by 1, 2, 3, 4, 5

)

select
    *,
    round(revenue / nullif(sales_quota, 0), 4) as quota_attainment
from compared
