namespace RocketOps.Operator.Masters;

/// <summary>
/// Decides on which masters, of those where an object has never written, it may write. What an object has nowhere yet is not taken over in parts: where it differs on one master, nothing is written on any.
/// </summary>
/// <param name="isNew">The object has it nowhere yet.</param>
/// <param name="mayTake">Whether the object may have what a master has, or null for what is not there.</param>
internal sealed class ClaimDecision<TFound>(bool isNew, Func<TFound?, bool> mayTake)
    where TFound : class
{
    private readonly List<(string Broker, TFound Found)> _differing = [];

    /// <summary>Values on the masters to which the object may write, by broker.</summary>
    public Dictionary<string, TFound?> Taken { get; } = new(StringComparer.Ordinal);

    /// <summary>Values that differ from what the object asks for and are not to be taken over.</summary>
    public IReadOnlyList<(string Broker, TFound Found)> Differing => _differing;

    public void Add(string broker, TFound? found)
    {
        if (mayTake(found))
        {
            Taken[broker] = found;
        }
        else
        {
            _differing.Add((broker, found!));
        }
    }

    /// <summary>True when what an object has nowhere yet is on a master already, and would be its from now on.</summary>
    public bool TakesOver => isNew && Taken.Values.Any(static found => found is not null);

    /// <summary>Gives up what a conflict leaves to others; empty without one.</summary>
    public IReadOnlyList<(string Broker, TFound? Found)> GiveUpDiffering() => _differing.Count == 0 ? [] : [.. isNew ? GiveUp() : [], .. _differing];

    /// <summary>Gives up everything.</summary>
    /// <returns>What was taken until now.</returns>
    public IReadOnlyList<(string Broker, TFound? Found)> GiveUp()
    {
        (string, TFound?)[] given = [.. Taken.Select(static pair => (pair.Key, pair.Value))];
        Taken.Clear();
        return given;
    }
}
