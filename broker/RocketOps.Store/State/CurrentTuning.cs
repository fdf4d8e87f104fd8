using RocketOps.Store.Contracts;

namespace RocketOps.Store.State;

/// <summary>Holds the settings in force, for the parts of a store that read them at each use. Any number of threads.</summary>
internal sealed class CurrentTuning(StoreTuning start)
{
    private volatile StoreTuning _value = start;

    public StoreTuning Value
    {
        get => _value;
        set => _value = value;
    }
}
