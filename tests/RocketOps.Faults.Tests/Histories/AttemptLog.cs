using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using RocketOps.Faults.Tests.Loads;
using RocketOps.Testing.Remoting;

namespace RocketOps.Faults.Tests.Histories;

/// <summary>What became of each send of some producers, as they know it. Thread-safe.</summary>
internal sealed class AttemptLog
{
    // The last digits of an id by which a broker names a message.
    private const int PhysicalOffsetDigits = 16;

    private readonly ConcurrentBag<Attempt> _attempts = [];
    private long _acknowledged;
    private long _cutOff;

    public IReadOnlyCollection<Attempt> All => _attempts;

    /// <summary>Sends acknowledged so far.</summary>
    public long Acknowledged => Interlocked.Read(ref _acknowledged);

    /// <summary>Sends in flight to which no answer came: the proof that a broker died under load.</summary>
    public long CutOff => Interlocked.Read(ref _cutOff);

    /// <summary>Notes a send, however it ends. Whether it was acknowledged; throws what <paramref name="send"/> throws.</summary>
    /// <param name="producer">Number of the producer.</param>
    /// <param name="sequence">Of its send.</param>
    /// <param name="queueId">Where to.</param>
    /// <param name="send">Sends that body.</param>
    /// <param name="isAcknowledged">By the code of the answer.</param>
    public async Task<bool> NoteAsync(
        int producer, int sequence, int queueId, Func<byte[], Task<RawFrame>> send, Func<int, bool> isAcknowledged)
    {
        long? offset = null;
        long? physicalOffset = null;
        try
        {
            RawFrame answer = await send(Encoding.UTF8.GetBytes(Attempt.BodyOf(producer, sequence)));
            if (!isAcknowledged(answer.Code))
            {
                return false;
            }

            offset = long.Parse(answer.ExtFields["queueOffset"], CultureInfo.InvariantCulture);
            physicalOffset = long.Parse(
                answer.ExtFields["msgId"].AsSpan()[^PhysicalOffsetDigits..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            Interlocked.Increment(ref _acknowledged);
            return true;
        }
        catch (Exception gone) when (LostConnection.IsOrIsSilent(gone))
        {
            Interlocked.Increment(ref _cutOff);
            throw;
        }
        finally
        {
            _attempts.Add(new Attempt(producer, sequence, queueId, offset) { PhysicalOffset = physicalOffset });
        }
    }
}
