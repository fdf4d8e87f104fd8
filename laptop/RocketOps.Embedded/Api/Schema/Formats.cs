using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace RocketOps.Embedded.Api.Schema;

/// <summary>The string formats kube-apiserver checks in structural schemas; unknown formats are ignored, as there.</summary>
internal static partial class Formats
{
    public static bool Fits(string format, string value) => format switch
    {
        "date-time" => DateTimeText().IsMatch(value) && DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "date" => DateOnly.TryParseExact(value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "duration" => Duration().IsMatch(value),
        "uuid" => Guid.TryParseExact(value, "D", out _) || Guid.TryParseExact(value, "N", out _),
        "ipv4" => IPAddress.TryParse(value, out IPAddress? v4) && v4.AddressFamily is System.Net.Sockets.AddressFamily.InterNetwork && value.Count(c => c == '.') == 3,
        "ipv6" => IPAddress.TryParse(value, out IPAddress? v6) && v6.AddressFamily is System.Net.Sockets.AddressFamily.InterNetworkV6,
        "cidr" => IPNetwork.TryParse(value, out _),
        "byte" => value.Length % 4 == 0 && Convert.TryFromBase64String(value, new byte[value.Length], out _),
        "uri" => Uri.TryCreate(value, UriKind.Absolute, out _),
        "hostname" => HostName().IsMatch(value),
        _ => true,
    };

    [GeneratedRegex(@"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex DateTimeText();

    [GeneratedRegex(@"^[-+]?(0|([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h|d|w)(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h|d|w))*)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Duration();

    [GeneratedRegex(@"^([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]{0,61}[a-zA-Z0-9])(\.([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]{0,61}[a-zA-Z0-9]))*$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex HostName();
}
