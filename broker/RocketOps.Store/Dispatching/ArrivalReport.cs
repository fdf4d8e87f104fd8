using Microsoft.Extensions.Logging;

namespace RocketOps.Store.Dispatching;

/// <summary>
/// Report of a round's messages, which have become readable, to who wants to know. Used by the thread that owns dispatch.
/// </summary>
internal sealed partial class ArrivalReport(ILogger logger)
{
    private readonly ILogger _logger = logger;
    private bool _arrived;
    private bool _observerFailed;

    public IMessageArrivedObserver? Observer { get; set; }

    public void BeginRound()
    {
        _arrived = false;
        _observerFailed = false;
    }

    public void Tell(in MessageArrival message)
    {
        if (Observer is not { } observer || _observerFailed)
        {
            return;
        }

        _arrived = true;
        try
        {
            observer.OnArrived(message);
        }
        catch (Exception e)
        {
            // The message is readable all the same; who waits for it finds it at the next look. Once a round, as a fault may come with
            // every message.
            _observerFailed = true;
            LogObserverFailed(e);
        }
    }

    public void EndRound()
    {
        if (!_arrived)
        {
            return;
        }

        try
        {
            Observer?.OnRoundCompleted();
        }
        catch (Exception e)
        {
            LogObserverFailed(e);
        }
    }

    [LoggerMessage(EventId = 2303, Level = LogLevel.Error, Message = "Telling of arrived messages failed; they are readable, "
        + "long polls may wait longer for them")]
    private partial void LogObserverFailed(Exception reason);
}
