using RocketOps.Broker.Roles;
using RocketOps.Broker.Timers;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Timers;

/// <summary>GET_TIMER_METRICS (61): how many messages of each topic wait for a time. Counted by one at a time anyway. Source: admin.md §2.7.</summary>
internal sealed class TimerMetricsHandler(CurrentRole role, TimerMetrics metrics) : HeavyRequestHandler(atOnce: 1)
{
    protected override async ValueTask<RemotingCommand?> BuildAsync(RemotingCommand request, HeavyAnswer answer, CancellationToken cancellationToken)
    {
        if (role.IsSlave)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, "this broker is a slave, which does not read its timers: ask its master");
        }

        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = await metrics.WriteAsync(answer, cancellationToken);
        return response;
    }
}
