using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using RocketOps.Client.Calls;
using RocketOps.Client.Diagnostics;
using RocketOps.Protocol.Commands;

namespace RocketOps.Client.Routing;

/// <summary>
/// The name servers of a cluster. One is picked at random and kept; when it does not answer the next one is taken, as Java clients do,
/// and kept. Hosts are resolved to all their
/// addresses, again every <see cref="ResolveInterval"/> and with the next question when one was not answered, so that a headless Service
/// behind one name may change.
/// Questions go to the known addresses while a lookup lasts. Thread-safe.
/// </summary>
internal sealed class NameServers
{
    /// <summary>Interval between resolutions of the hosts, as often as clients refresh routes.</summary>
    private static readonly TimeSpan ResolveInterval = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Parts of the time for a request, at most, of which a name server that others follow has one: callers often have no more than that
    /// time for the whole question, and one that
    /// hangs must leave some of it. Not as many parts as there are name servers: one that is far away is no hanging one.
    /// </summary>
    private const int MaxParts = 3;

    /// <summary>A lookup that takes longer has failed: resolvers give up by themselves after 10 s, by default.</summary>
    private static readonly TimeSpan ResolveLimit = TimeSpan.FromSeconds(10);

    private readonly string _configured;
    private readonly RemotingCaller _caller;
    private readonly Func<string, CancellationToken, Task<IReadOnlyList<IPEndPoint>>> _resolve;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    private readonly Lock _gate = new();
    private IReadOnlyList<string> _addresses = [];

    // Null has the names looked up with the next question.
    private long? _resolvedAt;
    private Task<IReadOnlyList<string>>? _resolving;
    private string? _current;

    /// <param name="configured">The list as it is configured, <c>host:port;host:port</c>.</param>
    /// <param name="caller">Sends the questions.</param>
    /// <param name="resolve">Finds all addresses of such a list.</param>
    /// <param name="timeout">Time for a request.</param>
    /// <param name="time">Measures waiting.</param>
    /// <param name="logger">Told of name servers that do not answer, and of lookups that fail.</param>
    public NameServers(
        string configured,
        RemotingCaller caller,
        Func<string, CancellationToken, Task<IReadOnlyList<IPEndPoint>>> resolve,
        TimeSpan timeout,
        TimeProvider time,
        ILogger logger)
    {
        _configured = configured;
        _caller = caller;
        _resolve = resolve;
        _timeout = timeout;
        _time = time;
        _logger = logger;
    }

    /// <summary>All addresses as <c>ip:port</c>. Throws <see cref="RocketMqException"/> when there is none.</summary>
    public async Task<IReadOnlyList<string>> GetAddressesAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<string> known;
        Task<IReadOnlyList<string>> resolving;
        lock (_gate)
        {
            known = _addresses;
            if (known.Count > 0 && _resolvedAt is { } resolvedAt && _time.GetElapsedTime(resolvedAt) < ResolveInterval)
            {
                return known;
            }

            resolving = _resolving ??= ResolveOnceAsync();
            if (known.Count > 0 && _resolvedAt is not null)
            {
                return known;
            }
        }

        if (known.Count == 0)
        {
            return await resolving.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        // A name server did not answer, so the names may have moved. A resolver that hangs does not keep callers from those that are known.
        await Task.WhenAny(resolving, Task.Delay(_timeout / MaxParts, _time, cancellationToken)).ConfigureAwait(false);
        return resolving.IsCompletedSuccessfully ? await resolving.ConfigureAwait(false) : known;
    }

    /// <summary>True for an address that the configured names resolved to when they were looked up last.</summary>
    public bool Has(string address)
    {
        lock (_gate)
        {
            return _addresses.Contains(address, StringComparer.Ordinal);
        }
    }

    /// <summary>One lookup at a time, however many questions wait for it.</summary>
    private async Task<IReadOnlyList<string>> ResolveOnceAsync()
    {
        // Not under the gate of the caller.
        await Task.Yield();
        try
        {
            return await ResolveAsync().ConfigureAwait(false);
        }
        finally
        {
            EndResolving();
        }
    }

    /// <summary>
    /// A method of its own: the trimmer of .NET 10 takes the end of a lock out of a finally block of an async method that yields
    /// (findings/illink-yield-keeps-a-lock.sh).
    /// </summary>
    private void EndResolving()
    {
        lock (_gate)
        {
            _resolving = null;
        }
    }

    /// <summary>
    /// Asks name servers one after another until one answers, with whatever code. Throws <see cref="RocketMqException"/> naming the last
    /// failure when none does. One that had not
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
                // The time of a send may end before that of this request, again and again: without this, all of them would be spent on a
                // name server that hangs. Where somebody just lost
                // patience the next one is as good, and the names are looked up once more for nothing.
                TakeNext(addresses, index);
                LookUpAgain();
                throw;
            }
        }

        LookUpAgain();
        throw new NameServersUnreachableException(_configured, $"no name server of \"{_configured}\" answers; last: {failure!.Message}", failure);
    }

    /// <summary>
    /// The same in the time of one request altogether. Throws <see cref="NameServersUnreachableException"/> when that ends first.
    /// </summary>
    public async Task<(RemotingCommand Response, string Address)> InvokeInTimeAsync(Func<RemotingCommand> request, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = new(_timeout, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await InvokeAsync(request, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new NameServersUnreachableException(
                _configured, $"no name server of \"{_configured}\" answered within {_timeout.TotalMilliseconds:0} ms", late);
        }
    }

    /// <summary>
    /// Questions begin with the one behind a name server that did not answer, unless they begin with another already: many may have
    /// waited for the same one.
    /// </summary>
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

    private async Task<IReadOnlyList<string>> ResolveAsync()
    {
        IReadOnlyList<string> resolved;
        using CancellationTokenSource limit = new(ResolveLimit, _time);
        try
        {
            resolved = [.. (await _resolve(_configured, limit.Token).ConfigureAwait(false)).Select(static endPoint => endPoint.ToString())];
        }
        catch (Exception failure) when (failure is SocketException or FormatException or OperationCanceledException)
        {
            string reason = failure is OperationCanceledException
                ? $"the resolver did not answer within {ResolveLimit.TotalSeconds:0} s" : failure.Message;
            ClientLog.NameServersUnresolved(_logger, _configured, reason);
            lock (_gate)
            {
                // Known addresses outlive a failing lookup.
                return _addresses.Count > 0 ? _addresses : throw new NameServersUnreachableException(_configured, $"name servers \"{_configured}\" do not resolve: {reason}", failure);
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
