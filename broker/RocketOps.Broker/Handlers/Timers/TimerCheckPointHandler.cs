using RocketOps.Broker.Timers;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Store.Timers;

namespace RocketOps.Broker.Handlers.Timers;

/// <summary>GET_TIMER_CHECK_POINT (60): the checkpoint as the file holds it, in RocketMQ's 56 bytes. Source: admin.md §2.7.</summary>
internal sealed class TimerCheckPointHandler(TimerTable timers) : AsyncRequestHandler
{
    public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        if (timers.Checkpoint is not { } checkpoint)
        {
            return new ValueTask<RemotingCommand?>(RemotingCommand.CreateResponse(request, ResponseCode.SystemError, TimerTable.NoCheckpoint));
        }

        byte[] bytes = new byte[TimerCheckpoint.UsedBytes];
        checkpoint.Write(bytes);
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = bytes.AsMemory(0, TimerCheckpoint.RocketMqBytes);
        return new ValueTask<RemotingCommand?>(response);
    }
}
