using System.Collections.Concurrent;
using System.Net;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;

namespace RocketOps.Remoting.Connections;

/// <summary>The requests this end has sent and not seen answered, by opaque. Thread-safe.</summary>
internal sealed class OutstandingRequests(IPEndPoint peer, int limit)
{
    // A TaskCompletionSource<RemotingCommand> or a DirectRequest.
    private readonly ConcurrentDictionary<int, object> _answers = new();
    private int _lastOpaque;

    /// <summary>An opaque for a request that is not answered.</summary>
    public int NextOpaque() => Interlocked.Increment(ref _lastOpaque);

    /// <summary>Number of requests without an answer.</summary>
    public int Count => _answers.Count;

    /// <summary>
    /// Gives the request its opaque; its answer completes <paramref name="answer"/>. <see cref="Remove"/> it whatever happens. Throws
    /// <see cref="InvalidOperationException"/>
    /// when too many are outstanding.
    /// </summary>
    public void Add(RemotingCommand request, TaskCompletionSource<RemotingCommand> answer)
    {
        ThrowIfFull();
        request.Opaque = NextOpaque();
        _answers[request.Opaque] = answer;
    }

    /// <summary>Same as the other overload; the request itself hears of the answer.</summary>
    public void Add(DirectRequest request)
    {
        ThrowIfFull();
        request.Opaque = NextOpaque();
        _answers[request.Opaque] = request;
    }

    public void Remove(int opaque) => _answers.TryRemove(opaque, out _);

    /// <summary>Hands an answer to whoever waits for it; false when nobody does any more.</summary>
    public bool TryAnswer(in RequestFrame frame)
    {
        if (!_answers.TryRemove(frame.Opaque, out object? waiting))
        {
            return false;
        }

        try
        {
            if (waiting is DirectRequest request)
            {
                request.OnAnswer(frame);
            }
            else
            {
                ((TaskCompletionSource<RemotingCommand>)waiting).TrySetResult(frame.ToCommand());
            }
        }
        catch (Exception malformed)
        {
            // The connection ends over it, and whoever waits is no longer among those it ends with.
            Fail(waiting, malformed);
            throw;
        }

        return true;
    }

    /// <summary>Ends every wait with an error of its own.</summary>
    public void FailAll(Func<Exception> error)
    {
        foreach ((int opaque, object waiting) in _answers)
        {
            if (_answers.TryRemove(opaque, out _))
            {
                Fail(waiting, error());
            }
        }
    }

    private static void Fail(object waiting, Exception error)
    {
        if (waiting is DirectRequest request)
        {
            request.OnFailed(error);
        }
        else
        {
            ((TaskCompletionSource<RemotingCommand>)waiting).TrySetException(error);
        }
    }

    private void ThrowIfFull()
    {
        if (_answers.Count >= limit)
        {
            throw new InvalidOperationException($"{_answers.Count} requests to {peer} are outstanding, the limit of one connection");
        }
    }
}
