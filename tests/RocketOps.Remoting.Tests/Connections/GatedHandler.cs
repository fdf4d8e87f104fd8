using System.Collections.Concurrent;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Remoting.Tests.Connections;

/// <summary>Answers each request when the test says so.</summary>
internal sealed class GatedHandler : AsyncRequestHandler
{
    private readonly ConcurrentDictionary<int, TaskCompletionSource> _gates = new();
    private int _begun;

    /// <summary>Requests that were begun with.</summary>
    public int Begun => Volatile.Read(ref _begun);

    public void Answer(int opaque) => GateOf(opaque).SetResult();

    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _begun);
        await GateOf(request.Opaque).Task.WaitAsync(cancellationToken);
        return RemotingCommand.CreateResponse(request, ResponseCode.Success);
    }

    private TaskCompletionSource GateOf(int opaque) => _gates.GetOrAdd(opaque, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}
