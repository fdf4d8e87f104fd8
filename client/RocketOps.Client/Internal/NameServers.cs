using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using RocketOps.Hosting.Hosts;
using RocketOps.Remoting.Commands;

namespace RocketOps.Client.Internal;

/// <summary>
/// The name servers of a cluster. One is picked at random and kept; when it does not answer the next one is taken, as Java clients do. Hosts are resolved to all their
/// addresses, again every <see cref="ResolveInterval"/> and at once when nobody answers, so that a headless Service behind one name may change.
/// </summary>
internal sealed class NameServers
{
    /// <summary>As often as clients refresh routes.</summary>
    private static readonly TimeSpan ResolveInterval = TimeSpan.FromSeconds(30);

    private readonly string _configured;
    private readonly RemotingCaller _caller;
    private readonly HostResolver _resolver;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    private readonly Lock _gate = new();
    private IReadOnlyList<string> _addresses = [];
    private long _resolvedAt;
    private string? _current;

    public NameServers(string configured, RemotingCaller caller, HostResolver resolver, TimeSpan timeout, TimeProvider time, ILogger logger)
    {
        _configured = configured;
        _caller = caller;
        _resolver = resolver;
        _timeout = timeout;
        _time = time;
        _logger = logger;
    }

    /// <summary>All addresses as <c>ip:port</c>. Throws <see cref="RocketMqException"/> when there is none.</summary>
    public async Task<IReadOnlyList<string>> GetAddressesAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_addresses.Count > 0 && _time.GetElapsedTime(_resolvedAt) < ResolveInterval)
            {
                return _addresses;
            }
        }

        return await ResolveAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Asks name servers one after another until one answers, with whatever code. Throws <see cref="RocketMqException"/> naming the last failure when none does.
    /// </summary>
    public async Task<(RemotingCommand Response, string Address)> InvokeAsync(Func<RemotingCommand> request, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> addresses = await GetAddressesAsync(cancellationToken).ConfigureAwait(false);
        int first = IndexOfCurrent(addresses);
        RocketMqException? failure = null;
        for (int i = 0; i < addresses.Count; i++)
        {
            string address = addresses[(first + i) % addresses.Count];
            try
            {
                RemotingCommand response = await _caller.InvokeAsync(address, request(), _timeout, cancellationToken).ConfigureAwait(false);
                lock (_gate)
                {
                    _current = address;
                }

                return (response, address);
            }
            catch (RocketMqException unreachable)
            {
                ClientLog.NameServerFailed(_logger, address, unreachable.Message);
                failure = unreachable;
            }
        }

        lock (_gate)
        {
            // Whoever asks next looks the names up again.
            _addresses = [];
        }

        throw new NameServersUnreachableException(_configured, $"no name server of \"{_configured}\" answers; last: {failure!.Message}", failure);
    }

    private async Task<IReadOnlyList<string>> ResolveAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<string> resolved;
        try
        {
            resolved = [.. (await _resolver.ResolveAllAsync(_configured, cancellationToken).ConfigureAwait(false)).Select(static endPoint => endPoint.ToString())];
        }
        catch (Exception failure) when (failure is SocketException or FormatException)
        {
            ClientLog.NameServersUnresolved(_logger, _configured, failure.Message);
            lock (_gate)
            {
                // Known addresses outlive a failing lookup.
                return _addresses.Count > 0 ? _addresses : throw new NameServersUnreachableException(_configured, $"name servers \"{_configured}\" do not resolve: {failure.Message}", failure);
            }
        }

        if (resolved.Count == 0)
        {
            throw new NameServersUnreachableException(_configured, "no name server is configured; expected host:port;host:port");
        }

        lock (_gate)
        {
            _addresses = resolved;
            _resolvedAt = _time.GetTimestamp();
        }

        return resolved;
    }

    private int IndexOfCurrent(IReadOnlyList<string> addresses)
    {
        lock (_gate)
        {
            for (int i = 0; i < addresses.Count; i++)
            {
                if (string.Equals(addresses[i], _current, StringComparison.Ordinal))
                {
                    return i;
                }
            }
        }

        return Random.Shared.Next(addresses.Count);
    }
}
