using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RocketOps.Client;

HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
builder.Services.AddRocketMq()
    .AddProducer("sample-worker")
    .AddConsumer<GreetingHandler>("sample-worker", "SAMPLE_GREETINGS", configure: options => options with { ConsumeFromWhere = ConsumeFromWhere.FirstOffset });
builder.Services.AddHostedService<Greeter>();
await builder.Build().RunAsync();

/// <summary>Sends a greeting a second until the host stops.</summary>
internal sealed class Greeter(IRocketMqProducer producer) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(TimeSpan.FromSeconds(1));
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await producer.SendAsync(new Message("SAMPLE_GREETINGS", "hello"), stoppingToken);
        }
    }
}

/// <summary>Writes what arrives to the log.</summary>
internal sealed partial class GreetingHandler(ILogger<GreetingHandler> logger) : IMessageHandler
{
    public ValueTask<ConsumeResult> HandleAsync(ReceivedMessage message, CancellationToken cancellationToken)
    {
        Received(logger, message.GetText(), message.Queue);
        return ValueTask.FromResult(ConsumeResult.Success);
    }

    [LoggerMessage(1, LogLevel.Information, "{Text} from {Queue}")]
    private static partial void Received(ILogger logger, string text, MessageQueue queue);
}
