namespace RocketOps.Broker.Pulling;

/// <summary>Number of pulls of one connection that wait, so that none takes the places of all. Thread-safe.</summary>
internal sealed class ParkedShare
{
    private int _taken;

    /// <summary>False, and nothing is taken, when it would be more than <paramref name="most"/>.</summary>
    public bool TryTake(int weight, int most)
    {
        if (Interlocked.Add(ref _taken, weight) <= most)
        {
            return true;
        }

        GiveBack(weight);
        return false;
    }

    public void GiveBack(int weight) => Interlocked.Add(ref _taken, -weight);
}
