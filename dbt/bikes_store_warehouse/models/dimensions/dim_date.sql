-- Its last day depends on today, so it is built in every run that names it.
{{ config(meta={'build': 'always'}) }}

with

-- the dates that facts name; daily runs leave this model out, so it reaches a year beyond today
dates_held as (

    select orderdate as held_at from {{ source('bikes_store_staging', 'salesorderheader') }}
    union
    select duedate from {{ source('bikes_store_staging', 'salesorderheader') }}
    union
    select shipdate from {{ source('bikes_store_staging', 'salesorderheader') }}
    union
    select quotadate from {{ source('bikes_store_staging', 'salespersonquotahistory') }}
    union
    select startdate from {{ source('bikes_store_staging', 'salesterritoryhistory') }}
    union
    select enddate from {{ source('bikes_store_staging', 'salesterritoryhistory') }}
    union
    select current_date

),

bounds as (

    select
        date_trunc('year', min(held_at)) as first_day,
        date_trunc('year', max(held_at)) + interval '2 years' - interval '1 day' as last_day
    from dates_held
    where {{ is_real_date('held_at') }}

),

days as (

    select day_start::date as nk_date
    from bounds
    cross join generate_series(first_day, last_day, interval '1 day') as day_start

),

described as (

    select
        {{ surrogate_key(['nk_date']) }} as sk_date,
        nk_date,
        to_char(nk_date, 'YYYY-MM') as year_month,
        to_char(nk_date, 'YYYY-"Q"Q') as year_quarter,
        to_char(nk_date, 'FMMonth') as month_name,
        to_char(nk_date, 'FMDay') as day_name,
        extract(year from nk_date)::integer as year_number,
        extract(quarter from nk_date)::integer as quarter_number,
        extract(month from nk_date)::integer as month_number,
        extract(isoyear from nk_date)::integer as iso_year,
        extract(week from nk_date)::integer as iso_week,
        extract(day from nk_date)::integer as day_of_month,
        extract(doy from nk_date)::integer as day_of_year,
        extract(isodow from nk_date)::integer as day_of_week,
        extract(isodow from nk_date) in (6, 7) as is_weekend,
        date_trunc('month', nk_date)::date as month_start_date
    from days

),

unknown_member as (

    select
        {{ unknown_key() }} as sk_date,
        '{{ unknown_date() }}'::date as nk_date,
        'N/A' as year_month,
        'N/A' as year_quarter,
        'Unknown' as month_name,
        'Unknown' as day_name,
        null::integer as year_number,
        null::integer as quarter_number,
        null::integer as month_number,
        null::integer as iso_year,
        null::integer as iso_week,
        null::integer as day_of_month,
        null::integer as day_of_year,
        null::integer as day_of_week,
        null::boolean as is_weekend,
        null::date as month_start_date

)

select * from described
union all
select * from unknown_member
