using RocketOps.Store.Reading;

namespace RocketOps.Broker.Pulling;

/// <summary>Read results that are not in use; as many as were ever in use at the same time, up to a bound.</summary>
internal sealed class GetResultPool
{
    /// <summary>Each keeps some 6 KiB; more than this many pulls at the same instant come from cold reads, which are slow anyway.</summary>
    private const int Kept = 64;

    private readonly Lock _gate = new();
    private readonly Stack<GetResult> _idle = new(Kept);

    public GetResult Rent()
    {
        lock (_gate)
        {
            if (_idle.TryPop(out GetResult? result))
            {
                return result;
            }
        }

        return new GetResult();
    }

    public void Return(GetResult result)
    {
        lock (_gate)
        {
            if (_idle.Count < Kept)
            {
                _idle.Push(result);
            }
        }
    }
}
