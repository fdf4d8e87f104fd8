using System.Buffers.Binary;

namespace RocketOps.Store.Log;

/// <summary>A run of log bytes as another store has them: how much of it can be taken at once.</summary>
internal static class RawRecords
{
    /// <summary>
    /// Measures the whole records at the beginning of the bytes, up to <paramref name="maxBytes"/> and to the end of the file they lie in. False when the bytes cannot
    /// be a log's at that offset.
    /// </summary>
    /// <param name="bytes">Begin with a record.</param>
    /// <param name="offset">Of the first byte in the log.</param>
    /// <param name="fileBytes">Length of a file of the log.</param>
    /// <param name="maxBytes">Most that can be taken; no record is larger.</param>
    /// <param name="run">What was found; nothing when the first record is not all there.</param>
    public static bool TryMeasure(ReadOnlySpan<byte> bytes, long offset, int fileBytes, int maxBytes, out RawRun run)
    {
        run = default;
        int left = (int)(fileBytes - (offset % fileBytes));
        int at = 0;
        int count = 0;
        int lastAt = 0;
        long storeTimestamp = 0;
        while (at < left && bytes.Length - at >= RecordLayout.BlankBytes)
        {
            int size;
            switch (RecordView.Parse(bytes[at..], offset + at, verifyCrc: true, out RecordView record))
            {
                case RecordCheck.Valid:
                    size = record.Size;
                    if (size + RecordLayout.BlankBytes > left - at)
                    {
                        return false;
                    }

                    break;
                case RecordCheck.Blank:
                    size = BinaryPrimitives.ReadInt32BigEndian(bytes[at..]);
                    if (size != left - at)
                    {
                        return false;
                    }

                    break;
                case RecordCheck.Incomplete:
                    size = BinaryPrimitives.ReadInt32BigEndian(bytes[at..]);
                    break;
                default:
                    return false;
            }

            if (size > maxBytes)
            {
                return false;
            }

            if (size > bytes.Length - at || at + size > maxBytes)
            {
                break;
            }

            if (record.Size > 0)
            {
                count++;
                lastAt = at;
                storeTimestamp = record.StoreTimestamp;
            }

            at += size;
        }

        run = new RawRun(at, count, lastAt, storeTimestamp);
        return true;
    }
}

/// <summary>Whole records, and perhaps a blank one at the end of their file.</summary>
/// <param name="Bytes">Their length; 0 when there is none.</param>
/// <param name="Messages">How many.</param>
/// <param name="LastMessageAt">Where the last of them begins.</param>
/// <param name="LastStoreTimestamp">Of the last message.</param>
internal readonly record struct RawRun(int Bytes, int Messages, int LastMessageAt, long LastStoreTimestamp);
