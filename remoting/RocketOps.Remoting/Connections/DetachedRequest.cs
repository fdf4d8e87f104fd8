using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Framing;
using RocketOps.Protocol.Headers;

namespace RocketOps.Remoting.Connections;

/// <summary>
/// A request that is worked on off the driver's thread. What it takes is counted as held by its connection until its answer is sent or lies in the output, which counts it
/// if the peer does not take it.
/// </summary>
internal sealed class DetachedRequest : IThreadPoolWorkItem
{
    /// <summary>
    /// Memory that a request takes, about: itself, its fields as objects, and its bytes twice, for a header's text has two bytes a
    /// character and some handlers copy the body.
    /// </summary>
    private const int OverheadBytes = 1024;
    private const int FieldBytes = 128;

    private readonly RemotingConnection _connection;
    private readonly AsyncRequestHandler _handler;
    private readonly RemotingCommand _request;
    private long _held;

    /// <summary>Throws <see cref="FrameFormatException"/> when the header cannot be read.</summary>
    public DetachedRequest(RemotingConnection connection, AsyncRequestHandler handler, in RequestFrame frame)
    {
        _connection = connection;
        _handler = handler;
        _request = frame.ToCommand();
        _held = OverheadBytes + (FieldBytes * (_request.ExtFields?.Count ?? 0)) + (2L * frame.FrameBytes);
    }

    /// <summary>Has it handled on the thread pool; the connection has counted it as work.</summary>
    public void Start()
    {
        _connection.ChangeHeld(_held);
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    public void Execute() => _ = HandleAsync();

    private async Task HandleAsync()
    {
        RemotingCommand? response = await FindAnswerAsync().ConfigureAwait(false);
        bool isHeldBack = false;
        long built = response?.Body.Length ?? 0;
        _connection.ChangeHeld(built);
        _held += built;
        try
        {
            if (response is not null && !_request.IsOneWay)
            {
                isHeldBack = !response.ExpectsMore && _connection.End.TryHoldBack();
                _connection.Answer(response, isHeldBack);
            }
        }
        catch (Exception error)
        {
            // An answer that cannot be written (a remark or field beyond the format's limits) must not leave the peer waiting in silence.
            _connection.Send(Failed(error));
        }
        finally
        {
            _connection.ChangeHeld(-_held);
            _connection.End.EndWork(isHeldBack);
        }
    }

    private async Task<RemotingCommand?> FindAnswerAsync()
    {
        if (_connection.IsAborted)
        {
            // It was closed for what it holds, perhaps by what its other requests have come to hold: what would hold still more is not begun. Nobody is left to answer.
            return null;
        }

        try
        {
            CancellationToken closed = _request.IsOneWay && _handler.FinishesOneWay ? CancellationToken.None : _connection.Closed;
            return await _handler.HandleAsync(_connection, _request, closed).ConfigureAwait(false);
        }
        catch (Exception error) when (_connection.RefusalOf(error) is { } refusal)
        {
            return RemotingCommand.CreateResponse(_request, refusal.ResponseCode, refusal.Message);
        }
        catch (OperationCanceledException) when (_connection.Closed.IsCancellationRequested)
        {
            // Nobody is left to answer.
            return null;
        }
        catch (Exception error)
        {
            return Failed(error);
        }
    }

    private RemotingCommand Failed(Exception error)
    {
        _connection.NoteHandlerFailure(error, _request.Code);
        return RemotingCommand.CreateResponse(_request, ResponseCode.SystemError, $"{error.GetType().Name}: {error.Message}");
    }
}
