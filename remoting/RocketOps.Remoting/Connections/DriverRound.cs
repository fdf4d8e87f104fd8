using Microsoft.Extensions.Logging;

namespace RocketOps.Remoting.Connections;

/// <summary>
/// Work that one round of a driver gathers on its thread: the batches of its connections, whom to commit for, work that runs after the
/// replies have left, and connections to flush at the end. Belongs to the thread that entered it; only <see cref="Current"/> makes it known
/// to the code the round calls.
/// </summary>
internal sealed class DriverRound
{
    /// <summary>
    /// Items of <see cref="After"/> that run on the driver's thread, unless they take longer than a turn; more go to the thread pool, so that one topic's consumers cannot hold up
    /// its producers.
    /// </summary>
    private const int MaxItems = 64;

    /// <summary>Output in bytes after which the remaining items go to the thread pool.</summary>
    private const long MaxItemOutputBytes = 1024 * 1024;

    // The one place where a thread finds its round: handlers and stores between the driver and here do not know drivers.
    [ThreadStatic]
    private static DriverRound? _current;

    private readonly List<DeferredReplies> _sealed = [];
    private readonly List<IBatchParticipant> _participants = [];
    private readonly List<IThreadPoolWorkItem> _items = [];
    private readonly List<RemotingConnection> _toFlush = [];
    private DriverRound? _outer;
    private bool _active;
    private bool _runsItems;
    private bool _committing;
    private Exception? _failed;
    private long _outputBytes;

    private DriverRound()
    {
    }

    /// <summary>Replies wait for <see cref="Commit"/>.</summary>
    public bool HasSealed => _sealed.Count > 0;

    /// <summary>This thread drives connections at this moment, and is not in a commit: what it waits for, all of them wait for.</summary>
    public bool MustNotBlock => _runsItems && !_committing;

    /// <summary>The round this thread is in, or null.</summary>
    public static DriverRound? Current => _current is { _active: true } round ? round : null;

    /// <summary>Begins a round on this thread; <see cref="Exit"/> ends it, whatever happens.</summary>
    /// <param name="runsItems">False for a round that only gathers output: its items go to the thread pool.</param>
    public static DriverRound Enter(bool runsItems)
    {
        DriverRound? outer = _current;
        DriverRound round;
        if (outer is { _active: false })
        {
            round = outer;
        }
        else
        {
            round = new DriverRound { _outer = outer };
            _current = round;
        }

        round._active = true;
        round._runsItems = runsItems;
        round._outputBytes = 0;
        return round;
    }

    /// <summary>Ends the round: what was written and not sent leaves now, items that did not run go to the thread pool.</summary>
    public void Exit()
    {
        try
        {
            Flush();
        }
        finally
        {
            HandItemsOver(0);
            _sealed.Clear();
            _participants.Clear();
            _toFlush.Clear();
            _active = false;
            if (_outer is not null)
            {
                _current = _outer;
            }
        }
    }

    /// <summary>Runs the item after the replies of this round have left.</summary>
    public void After(IThreadPoolWorkItem item)
    {
        if (_runsItems)
        {
            _items.Add(item);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false);
        }
    }

    /// <summary>Hands items to the thread pool from here on: this thread no longer drives connections.</summary>
    public void StopRunningItems()
    {
        _runsItems = false;
        HandItemsOver(0);
    }

    /// <summary>Takes over the replies of a batch, which is free for reuse from here on.</summary>
    public void Add(DeferredReplies replies)
    {
        _sealed.Add(replies);
        if (!_participants.Contains(replies.Participant!))
        {
            _participants.Add(replies.Participant!);
        }
    }

    /// <summary>
    /// The connection, to which <paramref name="bytes"/> were written, is flushed when the round sends, or at once when its output is full: what many answers of megabytes gather
    /// would be in nobody's budget.
    /// </summary>
    public void FlushLater(RemotingConnection connection, long bytes)
    {
        _outputBytes += bytes;
        if (connection.HasFullOutput)
        {
            connection.Flush();
            return;
        }

        if (_toFlush.Count == 0 || !ReferenceEquals(_toFlush[^1], connection))
        {
            _toFlush.Add(connection);
        }
    }

    /// <summary>Lets every participant do its work once; the kernel may hold this up. Never throws: <see cref="Complete"/> closes the connections of a commit that failed.</summary>
    public void Commit()
    {
        _committing = true;
        foreach (IBatchParticipant participant in _participants)
        {
            try
            {
                participant.Commit();
            }
            catch (Exception error)
            {
                _failed ??= error;
            }
        }

        _committing = false;
    }

    /// <summary>Sends the replies that may leave, one connection after the other: none holds a buffer while others send.</summary>
    public void Complete()
    {
        for (int i = 0; i < _sealed.Count; i++)
        {
            DeferredReplies replies = _sealed[i];
            RemotingConnection connection = replies.Connection;
            bool hasMore = i + 1 < _sealed.Count && ReferenceEquals(_sealed[i + 1].Connection, connection);
            try
            {
                if (_failed is not null)
                {
                    Fail(connection, _failed);
                    connection.Recycle(replies);
                }
                else if (replies.Participant!.CompleteBatch(replies))
                {
                    if (hasMore)
                    {
                        connection.Write(replies.Written);
                    }
                    else
                    {
                        connection.WriteNow(replies.Written);
                    }

                    connection.Recycle(replies);
                }
                else if (!hasMore)
                {
                    connection.Flush();
                }
            }
            catch (Exception error)
            {
                // Whose the replies are now is not known: they are left to the collector.
                Fail(connection, error);
            }
        }

        _failed = null;
        _sealed.Clear();
    }

    /// <summary>Sends what was written within the round, once per connection.</summary>
    public void Flush()
    {
        foreach (RemotingConnection connection in _toFlush)
        {
            connection.Flush();
        }

        _toFlush.Clear();
    }

    /// <summary>Runs, after the replies were sent, what the participants have put off until then, and what that wakes.</summary>
    public void RunAfterReplies(ILogger logger, TimeProvider time)
    {
        foreach (IBatchParticipant participant in _participants)
        {
            try
            {
                participant.AfterReplies();
            }
            catch (Exception error)
            {
                // The replies have left: none of the connections of this round is to blame.
                RemotingLog.AfterRepliesFailed(logger, error);
            }
        }

        _participants.Clear();
        _outputBytes = 0;
        int run = 0;
        long began = _items.Count == 0 ? 0 : time.GetTimestamp();
        // An item may add others.
        while (run < _items.Count && run < MaxItems && _outputBytes < MaxItemOutputBytes && (run == 0 || time.GetElapsedTime(began) < ReadTurn.Longest))
        {
            try
            {
                _items[run++].Execute();
            }
            catch (Exception error)
            {
                RemotingLog.AfterRepliesFailed(logger, error);
            }
        }

        HandItemsOver(run);
    }

    /// <summary>Ends the connection: what was stored is not known to be, and the peer gets no other answer.</summary>
    private static void Fail(RemotingConnection connection, Exception error)
    {
        connection.NoteFailure(error);
        connection.Abort(error.Message);
    }

    private void HandItemsOver(int from)
    {
        for (int i = from; i < _items.Count; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(_items[i], preferLocal: false);
        }

        _items.Clear();
    }
}
