using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace RocketOps.Interop.Tests.Clients;

/// <summary>
/// What <c>rocketmq-client send</c> could not send because it did not hear from its name server in time (<see cref="NameServerWatch"/>): it knew no route, or sent by the queues of the topic for new topics, which
/// the broker refuses when the topic has fewer. Such messages are stored nowhere.
/// </summary>
internal static partial class UnsentMessages
{
    public static bool IsError(JsonElement line) => line.GetProperty("event").GetString() == "error";

    /// <summary>The numbers, as ranges, of messages that were not sent; empty when anything else went wrong too.</summary>
    public static List<(int Start, int Count)> Find(JsonElement[] said, string nameServer)
    {
        JsonElement[] errors = [.. said.Where(IsError)];
        List<(int Start, int Count)> ranges = [];
        if (!Array.TrueForAll(errors, error => IsUnsent(error, nameServer)))
        {
            return ranges;
        }

        foreach (int number in errors.Select(Number).Order())
        {
            if (ranges.Count > 0 && ranges[^1] is var last && last.Start + last.Count == number)
            {
                ranges[^1] = (last.Start, last.Count + 1);
            }
            else
            {
                ranges.Add((number, 1));
            }
        }

        return ranges;
    }

    /// <summary>The same call for these messages alone.</summary>
    public static string[] Only(string[] options, (int Start, int Count) range)
    {
        List<string> rest = [.. options];
        foreach (string option in (string[])["--start", "--count"])
        {
            if (rest.IndexOf(option) is >= 0 and int at)
            {
                rest.RemoveRange(at, 2);
            }
        }

        return [.. rest, "--start", range.Start.ToString(CultureInfo.InvariantCulture), "--count", range.Count.ToString(CultureInfo.InvariantCulture)];
    }

    /// <summary>As one call would have told them.</summary>
    public static IReadOnlyList<JsonElement> InOrder(List<JsonElement> lines) =>
        lines.TrueForAll(static line => line.TryGetProperty("seq", out _)) ? [.. lines.OrderBy(Number)] : lines;

    private static int Number(JsonElement line) => line.GetProperty("seq").GetInt32();

    // Batches are numbered by their first message: how many are missing is not told.
    private static bool IsUnsent(JsonElement error, string nameServer) =>
        error.TryGetProperty("seq", out _)
        && error.GetProperty("message").GetString() is { } message
        && (message.Contains(nameServer, StringComparison.Ordinal) || WithoutRoute().IsMatch(message));

    [GeneratedRegex(@"^No route info of this topic|request queueId\[\d+\] is illegal", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex WithoutRoute();
}
