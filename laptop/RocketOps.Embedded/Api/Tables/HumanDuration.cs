using System.Globalization;

namespace RocketOps.Embedded.Api.Tables;

/// <summary>Ages as kubectl shows them (reference: embedded-api.md §11; apimachinery's duration.HumanDuration).</summary>
internal static class HumanDuration
{
    public const string Unknown = "<invalid>";

    public static string Since(DateTimeOffset from, DateTimeOffset now) => Format(now - from);

    public static string Format(TimeSpan age)
    {
        long seconds = (long)Math.Floor(age.TotalSeconds);
        if (seconds < -1)
        {
            return Unknown;
        }

        seconds = Math.Max(0, seconds);
        long minutes = seconds / 60;
        long hours = minutes / 60;
        long days = hours / 24;
        return (seconds, minutes, hours, days) switch
        {
            ( < 120, _, _, _) => Text(seconds, "s"),
            (_, < 10, _, _) => Text(minutes, "m") + Rest(seconds % 60, "s"),
            (_, < 180, _, _) => Text(minutes, "m"),
            (_, _, < 8, _) => Text(hours, "h") + Rest(minutes % 60, "m"),
            (_, _, < 48, _) => Text(hours, "h"),
            (_, _, _, < 8) => Text(days, "d") + Rest(hours % 24, "h"),
            (_, _, _, < 730) => Text(days, "d"),
            (_, _, _, < 2920) => Text(days / 365, "y") + Rest(days % 365, "d"),
            _ => Text(days / 365, "y"),
        };
    }

    private static string Text(long value, string unit) => value.ToString(CultureInfo.InvariantCulture) + unit;

    private static string Rest(long value, string unit) => value == 0 ? string.Empty : Text(value, unit);
}
