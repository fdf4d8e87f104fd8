using System.Text;
using RocketOps.Broker.Roles;
using RocketOps.Broker.Topics;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Json;

namespace RocketOps.Broker.Timers;

/// <summary>
/// GET_TIMER_METRICS (61): how many messages of each topic wait for a time, counted in the timer log when somebody asks. The log knows topics by Java's hash of their names: of two topics
/// with one hash both show the sum. Source: admin.md §2.7, apache/rocketmq TimerMetrics 5.5.0.
/// </summary>
internal sealed class TimerMetricsHandler(CurrentRole role, TopicTable topics, TimerTable timers, TimeProvider time) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        if (role.IsSlave)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, "this broker is a slave, which does not read its timers: ask its master");
        }

        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        long changes = timers.Taken + timers.Delivered;
        IReadOnlyDictionary<int, long> counts = await timers.CountByTopicAsync(cancellationToken);
        FastJsonWriter json = new();
        json.BeginObject().Name("dataVersion").BeginObject().Field("counter", changes).Field("stateVersion", 0).Field("timestamp", now).EndObject();
        json.Name("timingCount").BeginObject();
        foreach (string topic in topics.All.Select(static topic => topic.Name).Order(StringComparer.Ordinal))
        {
            if (counts.TryGetValue(JavaHash.Compute(Encoding.UTF8.GetBytes(topic)), out long count) && count > 0)
            {
                json.Name(topic).BeginObject().Field("count", count).Field("timeStamp", now).EndObject();
            }
        }

        json.EndObject().EndObject();
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = json.Written;
        return response;
    }
}
