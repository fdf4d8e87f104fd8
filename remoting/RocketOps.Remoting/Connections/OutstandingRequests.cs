using System.Collections.Concurrent;
using System.Net;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Headers;

namespace RocketOps.Remoting.Connections;

/// <summary>The requests this end has sent and not seen answered, by opaque. Thread-safe.</summary>
internal sealed class OutstandingRequests(IPEndPoint peer, int limit)
{
    private readonly ConcurrentDictionary<int, TaskCompletionSource<RemotingCommand>> _answers = new();
    private int _lastOpaque;

    /// <summary>An opaque for a request that is not answered.</summary>
    public int NextOpaque() => Interlocked.Increment(ref _lastOpaque);

    /// <summary>
    /// Gives the request its opaque and returns where its answer arrives; <see cref="Remove"/> it whatever happens. Throws <see cref="InvalidOperationException"/> when too
    /// many are outstanding.
    /// </summary>
    public Task<RemotingCommand> Add(RemotingCommand request)
    {
        if (_answers.Count >= limit)
        {
            throw new InvalidOperationException($"{_answers.Count} requests to {peer} are outstanding, the limit of one connection");
        }

        TaskCompletionSource<RemotingCommand> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        request.Opaque = NextOpaque();
        _answers[request.Opaque] = answer;
        return answer.Task;
    }

    public void Remove(RemotingCommand request) => _answers.TryRemove(request.Opaque, out _);

    /// <summary>Hands an answer to whoever waits for it; false when nobody does any more.</summary>
    public bool TryAnswer(in RequestFrame frame)
    {
        if (!_answers.TryRemove(frame.Opaque, out TaskCompletionSource<RemotingCommand>? answer))
        {
            return false;
        }

        answer.TrySetResult(frame.ToCommand());
        return true;
    }

    /// <summary>Ends every wait with an error of its own.</summary>
    public void FailAll(Func<Exception> error)
    {
        foreach ((int opaque, TaskCompletionSource<RemotingCommand> answer) in _answers)
        {
            if (_answers.TryRemove(opaque, out _))
            {
                answer.TrySetException(error());
            }
        }
    }
}
