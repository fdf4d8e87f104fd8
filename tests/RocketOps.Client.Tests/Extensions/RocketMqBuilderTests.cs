using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using RocketOps.Client.Tests.Support;
using RocketOps.Remoting.Commands;
using RocketOps.Testing;

namespace RocketOps.Client.Tests.Extensions;

public sealed class RocketMqBuilderTests
{
    [Fact]
    public async Task Host_WithProducerAndConsumer_HandlesInAScopePerMessageAndLeavesAtTheStop()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(settings: null);
        Seen seen = new();
        builder.Services.AddSingleton(seen).AddScoped<Scoped>();
        builder.Services.AddRocketMq(cluster.NameServer)
            .AddProducer("orders", Patient)
            .AddProducer("audit", Patient)
            .AddConsumer<OrderHandler>("billing", "T", "TagA", static options => Patient(options) with { ConsumeFromWhere = ConsumeFromWhere.FirstOffset });
        using (IHost host = builder.Build())
        {
            await host.StartAsync();
            IRocketMqProducer producer = host.Services.GetRequiredService<IRocketMqProducer>();
            producer.Should().BeSameAs(host.Services.GetRequiredKeyedService<IRocketMqProducer>("orders"))
                .And.NotBeSameAs(host.Services.GetRequiredKeyedService<IRocketMqProducer>("audit"));
            await producer.SendAsync(new Message("T", "one", "TagA"));
            await producer.SendAsync(new Message("T", "other", "TagB"));
            await producer.SendAsync(new Message("T", "two", "TagA"));

            await Eventually.TrueAsync(() => seen.Handled.Count == 2, "both were handled");
            await host.StopAsync();
            await ((IAsyncDisposable)host).DisposeAsync();
        }

        seen.Handled.Select(static handled => handled.Text).Should().BeEquivalentTo("one", "two");
        seen.Handled.Select(static handled => handled.Scope).Should().OnlyHaveUniqueItems();
        seen.Handled.Should().OnlyContain(static handled => handled.Scope.IsDisposed, "each scope ends with its message");
        cluster.Broker.Of(RequestCode.UnregisterClient).Select(static request => request.Get("consumerGroup") ?? request.Get("producerGroup")).Should().Contain(["billing", "orders"]);
    }

    [Fact]
    public async Task Host_WithAConsumerThatCannotWork_DoesNotStart()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Services.AddSingleton(new Seen()).AddScoped<Scoped>();
        builder.Services.AddRocketMq("127.0.0.1:1").AddConsumer<OrderHandler>("a b!", "T");
        using IHost host = builder.Build();

        await host.Awaiting(static it => it.StartAsync()).Should().ThrowAsync<ArgumentException>().WithMessage("*a b!*");
    }

    [Fact]
    public async Task HealthCheck_OfAHost_TellsNameServersAndConsumersApart()
    {
        FakeCluster cluster = await FakeCluster.StartAsync();
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Services.AddSingleton(new Seen()).AddScoped<Scoped>();
        builder.Services.AddRocketMq(cluster.NameServer)
            .AddConsumer<OrderHandler>("billing", "T", configure: static options => Patient(options) with { RebalanceInterval = TimeSpan.FromMilliseconds(100) })
            .AddHealthCheck();
        using IHost host = builder.Build();
        await host.StartAsync();
        HealthCheckService health = host.Services.GetRequiredService<HealthCheckService>();

        HealthReportEntry missing = (await health.CheckHealthAsync()).Entries["rocketmq"];
        missing.Status.Should().Be(HealthStatus.Degraded);
        missing.Description.Should().Be("billing reads no queue of T");

        cluster.AddTopic("T", 2);
        await Eventually.TrueAsync(async () => (await health.CheckHealthAsync()).Status == HealthStatus.Healthy, "the topic is read");
        (await health.CheckHealthAsync()).Entries["rocketmq"].Data.Should().Contain("billing/T", 2);

        await cluster.DisposeAsync();
        HealthReportEntry gone = (await health.CheckHealthAsync()).Entries["rocketmq"];
        gone.Status.Should().Be(HealthStatus.Unhealthy);
        gone.Description.Should().Contain("no name server of");
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
    }

    private static ProducerOptions Patient(ProducerOptions options) =>
        options with { ConnectTimeout = Eventually.DefaultDeadline, RequestTimeout = Eventually.DefaultDeadline, SendTimeout = Eventually.DefaultDeadline };

    private static PushConsumerOptions Patient(PushConsumerOptions options) => options with { ConnectTimeout = Eventually.DefaultDeadline, RequestTimeout = Eventually.DefaultDeadline };

    internal sealed class Seen
    {
        public ConcurrentQueue<(string Text, Scoped Scope)> Handled { get; } = new();
    }

    internal sealed class Scoped : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }

    internal sealed class OrderHandler(Seen seen, Scoped scope) : IMessageHandler
    {
        public ValueTask<ConsumeResult> HandleAsync(ReceivedMessage message, CancellationToken cancellationToken)
        {
            seen.Handled.Enqueue((message.GetText(), scope));
            return ValueTask.FromResult(ConsumeResult.Success);
        }
    }
}
