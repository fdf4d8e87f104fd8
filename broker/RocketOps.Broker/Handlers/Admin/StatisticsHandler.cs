using RocketOps.Broker.Configuration;
using RocketOps.Broker.Statistics;
using RocketOps.Broker.Statistics.History;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Json;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Admin;

/// <summary>VIEW_BROKER_STATS_DATA (315): what was stored or delivered under a name and a key. Source: admin.md §3; the text as AdminBrokerProcessor writes it.</summary>
internal sealed class StatisticsHandler(BrokerSettings settings, BrokerStatistics statistics) : AsyncRequestHandler
{
    public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        string name = request.GetRequired("statsName");
        string key = request.GetRequired("statsKey");
        StatisticsData data = statistics.Find(name, key, settings.Current.ClusterName)
            ?? throw new RemotingCommandException(ResponseCode.SystemError, $"The stats <{name}> <{key}> not exist");
        FastJsonWriter json = new();
        json.BeginObject();
        Write(json, "statsDay", data.Day);
        Write(json, "statsHour", data.Hour);
        Write(json, "statsMinute", data.Minute);
        json.EndObject();
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = json.Written;
        return new ValueTask<RemotingCommand?>(response);
    }

    private static void Write(FastJsonWriter json, string name, in TrafficWindow window) =>
        json.Name(name).BeginObject().Name("avgpt").Value(window.Average).Field("sum", window.Sum).Name("tps").Value(window.Tps).EndObject();
}
