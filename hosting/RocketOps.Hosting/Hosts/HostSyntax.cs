using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace RocketOps.Hosting.Hosts;

/// <summary>
/// Syntax of hosts and addresses in settings. A host is a name of letters, digits, <c>-</c>, <c>_</c> and dots, an IPv4 address of four
/// numbers, or an IPv6 address, with or without brackets; with a port an IPv6 address needs them. Whether a host is there, only the network
/// can tell.
/// </summary>
public static class HostSyntax
{
    /// <summary>Longest name in DNS.</summary>
    private const int MaxNameLength = 253;

    /// <summary>Longest part of a name between two dots.</summary>
    private const int MaxLabelLength = 63;

    /// <summary>Allowed values in words, for <see cref="FindHostProblem"/>.</summary>
    public const string Host = "a host name or an IP address, without a port";

    /// <summary>Allowed values in words, for <see cref="FindBindProblem"/>.</summary>
    public const string Bind = "an IP address of this machine, 0.0.0.0 or ::";

    /// <summary>Allowed values in words, for <see cref="FindAddressProblem"/>.</summary>
    public const string Address = "host:port, for example 10.1.2.3:10912 or [fd00::7]:10912";

    /// <summary>Allowed values in words, for <see cref="FindListProblem"/>.</summary>
    public const string List = "host:port separated by ;, for example 10.1.2.3:9876;[fd00::7]:9876";

    /// <summary>Finds what keeps a text from being a host that others connect to; null when nothing does.</summary>
    public static string? FindHostProblem(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (FindForeignPart(text) is { } foreign)
        {
            return foreign;
        }

        if (text.Count(static letter => letter == ':') == 1 || (text.StartsWith('[') && !text.EndsWith(']')))
        {
            return "it has a port";
        }

        return FindProblemOf(text) ?? (IPAddress.TryParse(Bare(text), out IPAddress? address) && IsAny(address) ? "it stands for all addresses, and nothing can connect to it" : null);
    }

    /// <summary>Finds what keeps a text from being an address to listen on; null when nothing does.</summary>
    public static string? FindBindProblem(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return FindForeignPart(text) ?? (TryParse(text, out _) ? null : "it is no IP address");
    }

    /// <summary>Finds what keeps a text from being one <c>host:port</c>; null when nothing does.</summary>
    public static string? FindAddressProblem(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (FindForeignPart(text) is { } foreign)
        {
            return foreign;
        }

        int colon = text.LastIndexOf(':');
        if (colon < 0 || text.EndsWith(']'))
        {
            return "it has no port";
        }

        string host = text[..colon];
        if (host.Contains(':', StringComparison.Ordinal) && !(host.StartsWith('[') && host.EndsWith(']')))
        {
            return "an IPv6 address with a port needs brackets: [fd00::7]:9876";
        }

        string port = text[(colon + 1)..];
        return FindProblemOf(host)
            ?? (int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number is >= 1 and <= IPEndPoint.MaxPort
                ? null
                : $"\"{port}\" is no port, which is a number from 1 to 65535");
    }

    /// <summary>
    /// Finds what keeps a text from being a list of <c>host:port</c>, separated by <c>;</c> or <c>,</c>; null when nothing does. Names the
    /// entry where there are several.
    /// </summary>
    public static string? FindListProblem(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] entries = text.Split([';', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (entries.Length == 0)
        {
            return "there is no address in it";
        }

        foreach (string entry in entries)
        {
            if (FindAddressProblem(entry) is { } problem)
            {
                return entries.Length == 1 ? problem : $"of \"{entry}\", {problem}";
            }
        }

        return null;
    }

    /// <summary>Parses an IP address strictly: IPv4 has four numbers, and nothing follows an IPv6 address. Brackets are allowed.</summary>
    public static bool TryParse(string text, out IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(text);
        string bare = text.StartsWith('[') && text.EndsWith(']') ? text[1..^1] : text;
        address = IPAddress.None;
        if (bare.Contains('[', StringComparison.Ordinal) || !IPAddress.TryParse(bare, out IPAddress? parsed)
            || (parsed.AddressFamily == AddressFamily.InterNetwork && bare.Count(static letter => letter == '.') != 3))
        {
            return false;
        }

        address = parsed;
        return true;
    }

    /// <summary>Returns the host without brackets, and an IPv6 address without its zone, which means something on one machine alone.</summary>
    public static string Bare(string host)
    {
        ArgumentNullException.ThrowIfNull(host);
        if (!TryParse(host, out IPAddress address) || address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return host;
        }

        return new IPAddress(address.GetAddressBytes()).ToString();
    }

    /// <summary>Returns <c>host:port</c>, with brackets around an IPv6 address.</summary>
    public static string Join(string host, int port)
    {
        ArgumentNullException.ThrowIfNull(host);
        return host.Contains(':', StringComparison.Ordinal) && !host.StartsWith('[')
            ? string.Create(CultureInfo.InvariantCulture, $"[{host}]:{port}")
            : string.Create(CultureInfo.InvariantCulture, $"{host}:{port}");
    }

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    /// <summary>Finds a part that people leave in a value and that belongs to no address; the reason that helps most comes first.</summary>
    private static string? FindForeignPart(string text)
    {
        if (text.Contains('#', StringComparison.Ordinal))
        {
            return "a comment behind a value belongs to the value: write it on a line of its own";
        }

        if (text.Contains("//", StringComparison.Ordinal))
        {
            return "it is a URL";
        }

        return text.Any(char.IsWhiteSpace) ? "it has a blank" : null;
    }

    private static string? FindProblemOf(string host)
    {
        if (host.Length == 0)
        {
            return "it has no host";
        }

        if (host.Contains(':', StringComparison.Ordinal) || host.StartsWith('['))
        {
            return TryParse(host, out _) ? null : $"\"{host}\" is no IPv6 address";
        }

        if (host.All(static letter => char.IsAsciiDigit(letter) || letter == '.'))
        {
            return TryParse(host, out _) ? null : $"\"{host}\" is no IPv4 address, which has four numbers from 0 to 255";
        }

        string[] labels = host.TrimEnd('.').Split('.');
        return host.Length <= MaxNameLength && labels.All(static label => label.Length is > 0 and <= MaxLabelLength && label.All(IsNameLetter))
            ? null
            : $"\"{host}\" is no host name: letters, digits, - and _ are allowed, and dots between them";
    }

    private static bool IsNameLetter(char letter) => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_';
}
