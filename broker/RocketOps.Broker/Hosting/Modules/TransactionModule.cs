using RocketOps.Broker.Handlers.Transactions;
using RocketOps.Broker.Topics;
using RocketOps.Broker.Transactions;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Hosting.Modules;

/// <summary>Transactions: halves that wait, how they end, and the checks with their producers.</summary>
internal sealed class TransactionModule : IBrokerModule
{
    private readonly HostServices _host;
    private readonly TopicTable _topics;
    private readonly MessageModule _messages;
    private readonly CommitRoutes _routes;
    private readonly CheckSender _sender;
    private readonly TransactionMetrics _metrics;

    public TransactionModule(
        HostServices host, TopicModule topics, ClientModule clients, OffsetModule offsets, MessageModule messages, DelayModule delays, TimerModule timers)
    {
        _host = host;
        _topics = topics.Topics;
        _messages = messages;
        _routes = new CommitRoutes(messages.Places, delays.Router, timers.Router);
        _sender = new CheckSender(host.Settings, clients.Producers, host.Address);
        TransactionTopics own = new(host.Store);
        HalfMessageTable halves = new();
        State = new TransactionState(own, halves, new CheckProgress(offsets.Consumers, host.Store, own, halves), new TransactionFigures());
        _metrics = new TransactionMetrics(host.Settings, host.Store, State, host.Files, host.Time, host.LoggerOf<TransactionMetrics>());
        Router = new TransactionRouter(host.Options<TransactionOptions>(), own);
    }

    public TransactionState State { get; }

    /// <summary>Way of a half to its topic.</summary>
    public TransactionRouter Router { get; }

    /// <summary>Checks, for as long as this broker is the master.</summary>
    public TransactionCheckService NewService() => new(
        _host.Options<TransactionOptions>(), _host.Store, _messages.Appender, _host.Address, _topics, State, _sender, _metrics, _host.Time, _host.LoggerOf<TransactionCheckService>());

    public void AddCodes(RequestHandlerRegistry registry, MasterRouting routing)
    {
        EndTransactionHandler end = new(
            _host.Options<TransactionOptions>(), _host.Role, _host.Store, _messages.Appender, _host.Address, _routes, State, _messages.Refusals, _host.Time);
        registry
            .Add(RequestCode.EndTransaction, routing.OfMaster(end))
            .Add(RequestCode.ResumeCheckHalfMessage, new ResumeCheckHandler(_host.Role, _host.Store, _messages.Appender, _host.Address, State, _host.Time));
    }
}
