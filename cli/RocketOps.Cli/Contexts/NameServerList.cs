using System.Globalization;
using System.Net;

namespace RocketOps.Cli.Contexts;

/// <summary>Name servers as a user writes them: <c>HOST:PORT</c>, several separated by <c>;</c> or <c>,</c>.</summary>
internal static class NameServerList
{
    private const string Expected = "HOST:PORT is expected, for example 10.1.2.3:9876, several separated by ;.";

    /// <summary>
    /// Finds the problem of the first entry that can be no address; null when there is none. Whether a host of that name is there shows
    /// when it is asked.
    /// </summary>
    public static string? FindProblem(string addresses)
    {
        string[] each = addresses.Split([';', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return each.Length == 0 ? $"there is no address in \"{addresses}\"; {Expected}" : each.Select(ProblemOf).FirstOrDefault(static problem => problem is not null);
    }

    private static string? ProblemOf(string address)
    {
        int colon = address.LastIndexOf(':');
        (string host, string port) = colon < 0 ? (address, string.Empty) : (address[..colon], address[(colon + 1)..]);
        if (colon < 0 || port.Length == 0)
        {
            return $"\"{address}\" has no port; {Expected}";
        }

        if (!IsHost(host))
        {
            return host.Length == 0 ? $"\"{address}\" has no host; {Expected}" : $"\"{host}\" of \"{address}\" is no host; {Expected}";
        }

        return int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number is >= IPEndPoint.MinPort + 1 and <= IPEndPoint.MaxPort
            ? null
            : $"\"{port}\" of \"{address}\" is no port, which is a number from 1 to 65535.";
    }

    /// <summary>A colon is for IPv6 alone, a slash for URLs.</summary>
    private static bool IsHost(string host) =>
        host.Length > 0 && !host.Any(static letter => char.IsWhiteSpace(letter) || letter == '/') && (!host.Contains(':', StringComparison.Ordinal) || IPAddress.TryParse(host.Trim('[', ']'), out _));
}
