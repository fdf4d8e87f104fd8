using System.Globalization;

namespace RocketOps.Cli.Output;

/// <summary>Number with its noun, as one says it: 1 queue, 2 queues.</summary>
internal static class CountText
{
    public static string Of(long count, string one) => string.Create(CultureInfo.InvariantCulture, $"{count} {one}{(count == 1 ? string.Empty : "s")}");
}
