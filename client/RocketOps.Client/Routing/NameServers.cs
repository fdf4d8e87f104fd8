using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using RocketOps.Client.Calls;
using RocketOps.Client.Diagnostics;
using RocketOps.Hosting.Hosts;
using RocketOps.Protocol.Commands;

namespace RocketOps.Client.Routing;

/// <summary>
/// The name servers of a cluster. One is picked at random and kept; when it does not answer the next one is taken, as Java clients do, and kept. Hosts are resolved to all their
/// addresses, again every <see cref="ResolveInterval"/> and with the next question when one was not answered, so that a headless Service behind one name may change.
/// </summary>
internal sealed class NameServers
{
    /// <summary>Interval between resolutions of the hosts, as often as clients refresh routes.</summary>
    private static readonly TimeSpan ResolveInterval = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Parts of the time for a request, at most, of which a name server that others follow has one: callers often have no more than that time for the whole question, and one that
    /// hangs must leave some of it. Not as many parts as there are name servers: one that is far away is no hanging one.
    /// </summary>
    private const int MaxParts = 3;

    private readonly string _configured;
    private readonly RemotingCaller _caller;
    private readonly HostResolver _resolver;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    private readonly Lock _gate = new();
    private IReadOnlyList<string> _addresses = [];

    // Null has the names looked up with the next question.
    private long? _resolvedAt;
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
            if (_addresses.Count > 0 && _resolvedAt is { } resolvedAt && _time.GetElapsedTime(resolvedAt) < ResolveInterval)
            {
                return _addresses;
            }
        }

        return await ResolveAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Asks name servers one after another until one answers, with whatever code. Throws <see cref="RocketMqException"/> naming the last failure when none does. One that had not
    /// answered when the caller gave up is not the first to be asked the next time.
    /// </summary>
    public async Task<(RemotingCommand Response, string Address)> InvokeAsync(Func<RemotingCommand> request, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> addresses = await GetAddressesAsync(cancellationToken).ConfigureAwait(false);
        int first = IndexOfCurrent(addresses);
        RocketMqException? failure = null;
        for (int i = 0; i < addresses.Count; i++)
        {
            // Whoever was not asked did not fail to answer.
            cancellationToken.ThrowIfCancellationRequested();
            int index = (first + i) % addresses.Count;
            string address = addresses[index];
            TimeSpan timeout = i < addresses.Count - 1 ? _timeout / Math.Min(addresses.Count, MaxParts) : _timeout;
            try
            {
                RemotingCommand response = await _caller.InvokeAsync(address, request(), timeout, cancellationToken).ConfigureAwait(false);
                lock (_gate)
                {
                    _current = address;
                }

                return (response, address);
            }
            catch (RocketMqException unreachable)
            {
                ClientLog.NameServerFailed(_logger, address, unreachable.Message);
                TakeNext(addresses, index);
                failure = unreachable;
            }
            catch (OperationCanceledException)
            {
                // The time of a send may end before that of this request, again and again: without this, all of them would be spent on a name server that hangs. Where somebody just lost
                // patience the next one is as good, and the names are looked up once more for nothing.
                TakeNext(addresses, index);
                LookUpAgain();
                throw;
            }
        }

        LookUpAgain();
        throw new NameServersUnreachableException(_configured, $"no name server of \"{_configured}\" answers; last: {failure!.Message}", failure);
    }

    /// <summary>Questions begin with the one behind a name server that did not answer, unless they begin with another already: many may have waited for the same one.</summary>
    private void TakeNext(IReadOnlyList<string> addresses, int failed)
    {
        lock (_gate)
        {
            int current = IndexOf(addresses, _current);
            if (current < 0 || current == failed)
            {
                _current = addresses[(failed + 1) % addresses.Count];
            }
        }
    }

    private void LookUpAgain()
    {
        lock (_gate)
        {
            _resolvedAt = null;
        }
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
            int current = IndexOf(addresses, _current);
            return current >= 0 ? current : Random.Shared.Next(addresses.Count);
        }
    }

    private static int IndexOf(IReadOnlyList<string> addresses, string? address)
    {
        for (int i = 0; i < addresses.Count; i++)
        {
            if (string.Equals(addresses[i], address, StringComparison.Ordinal))
            {
                return i;
            }
        }

        return -1;
    }
}
