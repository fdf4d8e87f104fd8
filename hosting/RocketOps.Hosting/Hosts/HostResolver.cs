using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace RocketOps.Hosting.Hosts;

/// <summary>
/// Turns <c>host:port</c> into addresses. A name may stand for several servers (a headless Service); all are returned, as brokers
/// register with every name server.
/// Of a name with addresses of both families those of IPv4 are taken, else those of IPv6. Names are looked up first in the hosts file
/// that the environment variable <c>ROCKETOPS_HOSTS</c> names, if any (lines <c>address name…</c>, read again when it changes:
/// the embedded control plane keeps it as its cluster DNS), then in DNS. Thread-safe.
/// </summary>
public sealed class HostResolver
{
    /// <summary>Names the hosts file.</summary>
    public const string HostsVariable = "ROCKETOPS_HOSTS";

    /// <summary>A larger hosts file is a mistake.</summary>
    private const long MaxHostsBytes = 4 * 1024 * 1024;

    private readonly string? _hostsFile;
    private volatile HostsSnapshot? _hosts;

    /// <param name="hostsFile">Path of the hosts file, or null for DNS alone.</param>
    public HostResolver(string? hostsFile = null)
    {
        _hostsFile = string.IsNullOrEmpty(hostsFile) ? null : hostsFile;
    }

    /// <summary>A resolver that looks where the environment says.</summary>
    public static HostResolver FromEnvironment() => new(Environment.GetEnvironmentVariable(HostsVariable));

    /// <summary>
    /// Splits <c>host:port;host:port</c>, as RocketMQ writes lists of name servers, and with commas, as nearly everything else does.
    /// Throws <see cref="FormatException"/> naming the entry that is wrong.
    /// </summary>
    public static IReadOnlyList<(string Host, int Port)> ParseList(string addresses)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        List<(string, int)> parsed = [];
        foreach (string entry in addresses.Split([';', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            parsed.Add(Parse(entry));
        }

        return parsed;
    }

    /// <summary>
    /// All addresses of all entries of a list, each once, in order. Throws <see cref="SocketException"/> only when not a single entry
    /// resolves.
    /// </summary>
    public async Task<IReadOnlyList<IPEndPoint>> ResolveAllAsync(string addresses, CancellationToken cancellationToken = default)
    {
        List<IPEndPoint> resolved = [];
        SocketException? failure = null;
        foreach ((string host, int port) in ParseList(addresses))
        {
            try
            {
                foreach (IPAddress address in await ResolveHostAsync(host, cancellationToken).ConfigureAwait(false))
                {
                    IPEndPoint endPoint = new(address, port);
                    if (!resolved.Contains(endPoint))
                    {
                        resolved.Add(endPoint);
                    }
                }
            }
            catch (SocketException error)
            {
                failure = error;
            }
        }

        return resolved.Count == 0 && failure is not null ? throw failure : resolved;
    }

    /// <summary>
    /// The addresses of one <c>host:port</c>, at least one. Throws <see cref="SocketException"/> when the name is unknown,
    /// <see cref="FormatException"/> when malformed.
    /// </summary>
    public async Task<IReadOnlyList<IPEndPoint>> ResolveAsync(string address, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        (string host, int port) = Parse(address);
        IPAddress[] addresses = await ResolveHostAsync(host, cancellationToken).ConfigureAwait(false);
        return Array.ConvertAll(addresses, resolved => new IPEndPoint(resolved, port));
    }

    /// <summary>
    /// The addresses of both families of one <c>host:port</c>, IPv4 and IPv6 in turn: for callers that connect to the first that answers.
    /// Throws as <see cref="ResolveAsync"/> does.
    /// </summary>
    public async Task<IReadOnlyList<IPEndPoint>> ResolveToConnectAsync(string address, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        (string host, int port) = Parse(address);
        IPAddress[] addresses = await FindAddressesAsync(host, cancellationToken).ConfigureAwait(false);
        return
        [
            .. addresses.GroupBy(static each => each.AddressFamily)
                .SelectMany(static family => family.Select((each, place) => (Address: each, Place: place)))
                .OrderBy(static each => each.Place).ThenBy(static each => each.Address.AddressFamily)
                .Select(each => new IPEndPoint(each.Address, port)),
        ];
    }

    private static (string Host, int Port) Parse(string entry)
    {
        int colon = entry.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(entry.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port is < 1 or > 65535)
        {
            throw new FormatException($"\"{entry}\" is no address; host:port is expected, for example 10.1.2.3:9876");
        }

        return (entry[..colon].Trim('[', ']'), port);
    }

    private async Task<IPAddress[]> ResolveHostAsync(string host, CancellationToken cancellationToken)
    {
        // One server has an address of each family as a rule: to take all of them would be to find it twice.
        IPAddress[] addresses = await FindAddressesAsync(host, cancellationToken).ConfigureAwait(false);
        IPAddress[] older = [.. addresses.Where(static address => address.AddressFamily == AddressFamily.InterNetwork)];
        return older.Length > 0 ? older : addresses;
    }

    private async Task<IPAddress[]> FindAddressesAsync(string host, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out IPAddress? literal))
        {
            return [literal];
        }

        if (_hostsFile is not null && (await ReadHostsAsync(_hostsFile, cancellationToken).ConfigureAwait(false)).TryGet(host, out IPAddress[] known))
        {
            return known;
        }

        IPAddress[] addresses = await Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false);
        return addresses.Length > 0 ? addresses : throw new SocketException((int)SocketError.HostNotFound);
    }

    private async Task<HostsSnapshot> ReadHostsAsync(string path, CancellationToken cancellationToken)
    {
        FileInfo file = new(path);
        HostsSnapshot? current = _hosts;
        if (!file.Exists)
        {
            return HostsSnapshot.Empty;
        }

        if (current is not null && current.LastWrite == file.LastWriteTimeUtc && current.Length == file.Length)
        {
            return current;
        }

        if (file.Length > MaxHostsBytes)
        {
            throw new InvalidDataException($"{path} ({HostsVariable}) has {file.Length} bytes, more than {MaxHostsBytes}");
        }

        string text = await File.ReadAllTextAsync(path, cancellationToken).ConfigureAwait(false);
        return _hosts = HostsSnapshot.Parse(text, file.LastWriteTimeUtc, file.Length);
    }
}
