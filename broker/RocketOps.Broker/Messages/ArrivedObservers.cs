using RocketOps.Store.Dispatching;

namespace RocketOps.Broker.Messages;

/// <summary>
/// Passes arriving messages on to those who were attached. The store needs its observer before it starts; what waits for messages can be built only after.
/// </summary>
internal sealed class ArrivedObservers : IMessageArrivedObserver
{
    private volatile IMessageArrivedObserver[] _observers = [];

    public void Attach(params IMessageArrivedObserver[] observers) => _observers = observers;

    public void OnArrived(in MessageArrival message)
    {
        foreach (IMessageArrivedObserver observer in _observers)
        {
            observer.OnArrived(message);
        }
    }

    public void OnRoundCompleted()
    {
        foreach (IMessageArrivedObserver observer in _observers)
        {
            observer.OnRoundCompleted();
        }
    }
}
