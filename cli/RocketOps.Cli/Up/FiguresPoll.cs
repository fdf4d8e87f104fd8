using Microsoft.Extensions.Logging;
using RocketOps.Client;

namespace RocketOps.Cli.Up;

/// <summary>Asks brokers for their figures beside the screen, so that one that hangs does not hold up what is shown. A broker that does not answer has none.</summary>
internal sealed class FiguresPoll : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly RocketMqAdmin _admin;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _polling;
    private volatile IReadOnlyDictionary<string, BrokerFigures> _figures = new Dictionary<string, BrokerFigures>(StringComparer.Ordinal);
    private volatile IReadOnlyList<string> _addresses = [];

    public FiguresPoll(TimeProvider time, ILoggerFactory loggers)
    {
        _time = time;
        _admin = new RocketMqAdmin(new AdminOptions { NameServers = "", RequestTimeout = Interval, TimeProvider = time, LoggerFactory = loggers });
        _polling = Task.Run(PollAsync);
    }

    /// <summary>The newest figures by the broker's address.</summary>
    public IReadOnlyDictionary<string, BrokerFigures> Current => _figures;

    /// <summary>Whom to ask from now on.</summary>
    public void Ask(IReadOnlyList<string> addresses) => _addresses = addresses;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _polling;
        await _admin.DisposeAsync();
        _stop.Dispose();
    }

    private async Task PollAsync()
    {
        try
        {
            while (true)
            {
                (string Address, BrokerFigures? Figures)[] answers = await Task.WhenAll(_addresses.Select(AskAsync));
                _figures = answers.Where(answer => answer.Figures is not null).ToDictionary(answer => answer.Address, answer => answer.Figures!, StringComparer.Ordinal);
                await Task.Delay(Interval, _time, _stop.Token);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private async Task<(string Address, BrokerFigures? Figures)> AskAsync(string address)
    {
        try
        {
            return (address, BrokerFigures.Of(await _admin.GetBrokerRuntimeInfoAsync(address, _stop.Token)));
        }
        catch (RocketMqException)
        {
            // Away for a restart, or it hangs: its state on the screen says so.
            return (address, null);
        }
    }
}
