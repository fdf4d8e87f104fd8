using Microsoft.Extensions.Logging;
using RocketOps.Client.Calls;
using RocketOps.Client.Diagnostics;

namespace RocketOps.Client.Connections;

/// <summary>
/// Servers that a client cannot reach. One line of the log tells when that begins, one every 30 s while requests go on failing, and one
/// when the server answers again; what failed because of it is not logged besides. Thread-safe.
/// </summary>
/// <param name="time">Clock.</param>
/// <param name="nameOf">Finds the name of the broker at an address; null for a name server, or a broker that no route names any
/// more.</param>
/// <param name="changed">The user's <see cref="ConnectionOptions.OnServerState"/>.</param>
/// <param name="logger">Log.</param>
internal sealed class ServerStates(TimeProvider time, Func<string, string?> nameOf, Action<ServerState>? changed, ILogger logger) : IServerWatch
{
    /// <summary>More servers than a client talks to; of more, the one that failed first is forgotten.</summary>
    private const int MaxServers = 1024;

    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _away = new(StringComparer.Ordinal);
    private volatile int _count;
    private volatile bool _isClosed;

    /// <inheritdoc/>
    public bool IsEmpty => _count == 0;

    /// <summary>Servers that cannot be reached, in no order.</summary>
    public IReadOnlyList<ServerState> Away
    {
        get
        {
            lock (_gate)
            {
                return [.. _away.Values.Select(entry => entry.ToState(time, isReachable: false))];
            }
        }
    }

    /// <summary>The client ends: nothing more is told.</summary>
    public void Close() => _isClosed = true;

    /// <inheritdoc/>
    public void NoteUnreachable(string address, string reason)
    {
        if (_isClosed)
        {
            return;
        }

        // Not under the gate: it looks at the routes.
        string? name = nameOf(address);
        Entry? entry;
        bool isNew;
        ServerState state;
        lock (_gate)
        {
            isNew = !_away.TryGetValue(address, out entry);
            long now = time.GetTimestamp();
            if (entry is null)
            {
                MakeRoom();
                entry = new Entry { Address = address, Name = name, Reason = reason, Since = time.GetUtcNow(), BeganAt = now };
                _away[address] = entry;
                _count = _away.Count;
            }

            entry.Failures++;
            if (!isNew && time.GetElapsedTime(entry.ToldAt, now) < ReportInterval)
            {
                return;
            }

            entry.ToldAt = now;
            entry.Reason = reason;
            state = entry.ToState(time, isReachable: false);
        }

        if (isNew)
        {
            ClientLog.ServerAway(logger, state.Server, reason);
            Tell(state);
        }
        else
        {
            ClientLog.ServerStillAway(logger, state.Server, state.Length.TotalSeconds, reason, state.FailedRequests);
        }
    }

    /// <inheritdoc/>
    public void NoteAnswer(string address)
    {
        if (_count == 0 || _isClosed)
        {
            return;
        }

        ServerState state;
        lock (_gate)
        {
            if (!_away.Remove(address, out Entry? entry))
            {
                return;
            }

            _count = _away.Count;
            state = entry.ToState(time, isReachable: true);
        }

        ClientLog.ServerBack(logger, state.Server, state.Length.TotalSeconds, state.FailedRequests);
        Tell(state);
    }

    /// <summary>Forgets servers that nothing asks any more.</summary>
    public void Forget(Predicate<string> isGone)
    {
        if (_count == 0)
        {
            return;
        }

        lock (_gate)
        {
            foreach (string address in _away.Keys.Where(address => isGone(address)).ToArray())
            {
                _away.Remove(address);
            }

            _count = _away.Count;
        }
    }

    /// <summary>Has a thread of the pool tell the program: a request that failed must not wait for what that does.</summary>
    private void Tell(ServerState state)
    {
        if (changed is not null)
        {
            ThreadPool.UnsafeQueueUserWorkItem(CallBack, state, preferLocal: false);
        }
    }

    private void CallBack(ServerState state)
    {
        try
        {
            changed!(state);
        }
        catch (Exception failure)
        {
            ClientLog.StateCallbackFailed(logger, failure);
        }
    }

    // Under the gate.
    private void MakeRoom()
    {
        if (_away.Count >= MaxServers)
        {
            _away.Remove(_away.MinBy(static entry => entry.Value.BeganAt).Key);
        }
    }

    /// <summary>One server; guarded by the gate.</summary>
    private sealed class Entry
    {
        public required string Address { get; init; }

        public required string? Name { get; init; }

        public required DateTimeOffset Since { get; init; }

        public required long BeganAt { get; init; }

        public required string Reason { get; set; }

        public long ToldAt { get; set; }

        public long Failures { get; set; }

        public ServerState ToState(TimeProvider time, bool isReachable) => new()
        {
            Address = Address,
            BrokerName = Name,
            IsReachable = isReachable,
            Reason = Reason,
            Since = Since,
            Length = time.GetElapsedTime(BeganAt),
            FailedRequests = Failures,
        };
    }
}
