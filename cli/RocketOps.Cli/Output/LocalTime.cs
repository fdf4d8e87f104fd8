using System.Globalization;

namespace RocketOps.Cli.Output;

/// <summary>Points in time as listings show them: ISO 8601 with this machine's offset.</summary>
internal static class LocalTime
{
    /// <summary>Null for 0, which servers say for never.</summary>
    public static string? Text(long millisecondsSinceEpoch, TimeProvider time) => millisecondsSinceEpoch <= 0
        ? null
        : TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeMilliseconds(Math.Min(millisecondsSinceEpoch, DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())), time.LocalTimeZone)
            .ToString("yyyy-MM-ddTHH:mm:ss.fffzzz", CultureInfo.InvariantCulture);
}
