using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RocketOps.Protocol.Records;

/// <summary>
/// CRC-32 as zlib computes it (reflected polynomial 0xEDB88320). Long inputs are folded with carry-less multiplication (Gopal et al., "Fast CRC Computation
/// for Generic Polynomials Using PCLMULQDQ Instruction", Intel 2009), 16 × 4 bytes at a time; the rest, and machines without the instruction, take eight
/// bytes at a time from tables. Benchmark: Crc32Benchmarks.
/// </summary>
public static class Crc32
{
    private const uint Polynomial = 0xEDB88320;

    // x^n mod P, bit-reflected, for the distances folded over: the paper's k1 to k5, then μ and P of the Barrett reduction.
    private const ulong FoldBy512Low = 0x0154442bd4;
    private const ulong FoldBy512High = 0x01c6e41596;
    private const ulong FoldBy128Low = 0x01751997d0;
    private const ulong FoldBy128High = 0x00ccaa009e;
    private const ulong FoldBy64 = 0x0163cd6124;
    private const ulong BarrettPolynomial = 0x01db710641;
    private const ulong BarrettMu = 0x01f7011641;

    // Eight tables of 256: table k holds the effect of a byte followed by k zero bytes.
    private static readonly uint[] Tables = BuildTables();

    /// <summary>The checksum RocketMQ keeps with a record's body and sends with a registration's: CRC-32 with the top bit cleared (store.md §0, remoting.md §4.7).</summary>
    public static int ComputeForRecord(ReadOnlySpan<byte> body) => (int)(Compute(body) & 0x7FFFFFFF);

    public static uint Compute(ReadOnlySpan<byte> bytes) => ~Update(0xFFFFFFFF, bytes);

    /// <summary>Continues a checksum: pass ~previous result, returns the complement of the new one.</summary>
    internal static uint Update(uint state, ReadOnlySpan<byte> bytes)
    {
        if (Pclmulqdq.IsSupported && bytes.Length >= 64)
        {
            int folded = bytes.Length & ~15;
            state = UpdateFolded(state, bytes[..folded]);
            bytes = bytes[folded..];
        }

        return UpdateByTable(state, bytes);
    }

    internal static uint UpdateByTable(uint state, ReadOnlySpan<byte> bytes)
    {
        ref uint tables = ref MemoryMarshal.GetArrayDataReference(Tables);
        while (bytes.Length >= 8)
        {
            uint low = BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ state;
            uint high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            state = Unsafe.Add(ref tables, (7 * 256) + (int)(low & 0xFF))
                ^ Unsafe.Add(ref tables, (6 * 256) + (int)((low >> 8) & 0xFF))
                ^ Unsafe.Add(ref tables, (5 * 256) + (int)((low >> 16) & 0xFF))
                ^ Unsafe.Add(ref tables, (4 * 256) + (int)(low >> 24))
                ^ Unsafe.Add(ref tables, (3 * 256) + (int)(high & 0xFF))
                ^ Unsafe.Add(ref tables, (2 * 256) + (int)((high >> 8) & 0xFF))
                ^ Unsafe.Add(ref tables, (1 * 256) + (int)((high >> 16) & 0xFF))
                ^ Unsafe.Add(ref tables, (int)(high >> 24));
            bytes = bytes[8..];
        }

        foreach (byte value in bytes)
        {
            state = Unsafe.Add(ref tables, (int)((state ^ value) & 0xFF)) ^ (state >> 8);
        }

        return state;
    }

    /// <summary>
    /// Updates the state with at least 64 bytes, a multiple of 16. Optimized at its first call: recovery checks every body while the
    /// process is a few tenths of a second old, and the runtime has not looked at it a second time by then.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static uint UpdateFolded(uint state, ReadOnlySpan<byte> bytes)
    {
        ref byte source = ref MemoryMarshal.GetReference(bytes);
        int position = 64;
        Vector128<ulong> x1 = Load(ref source, 0) ^ Vector128.CreateScalar((ulong)state);
        Vector128<ulong> x2 = Load(ref source, 16);
        Vector128<ulong> x3 = Load(ref source, 32);
        Vector128<ulong> x4 = Load(ref source, 48);

        Vector128<ulong> by512 = Vector128.Create(FoldBy512Low, FoldBy512High);
        while (position + 64 <= bytes.Length)
        {
            x1 = Fold(x1, by512) ^ Load(ref source, position);
            x2 = Fold(x2, by512) ^ Load(ref source, position + 16);
            x3 = Fold(x3, by512) ^ Load(ref source, position + 32);
            x4 = Fold(x4, by512) ^ Load(ref source, position + 48);
            position += 64;
        }

        Vector128<ulong> by128 = Vector128.Create(FoldBy128Low, FoldBy128High);
        x1 = Fold(x1, by128) ^ x2;
        x1 = Fold(x1, by128) ^ x3;
        x1 = Fold(x1, by128) ^ x4;
        while (position + 16 <= bytes.Length)
        {
            x1 = Fold(x1, by128) ^ Load(ref source, position);
            position += 16;
        }

        // 128 bits to 64, to 32, then Barrett's reduction.
        Vector128<ulong> low32 = Vector128.Create(0xFFFFFFFFUL, 0UL);
        Vector128<ulong> t = Pclmulqdq.CarrylessMultiply(x1, by128, 0x10);
        x1 = Sse2.ShiftRightLogical128BitLane(x1, 8) ^ t;
        t = Sse2.ShiftRightLogical128BitLane(x1, 4);
        x1 = Pclmulqdq.CarrylessMultiply(x1 & low32, Vector128.Create(FoldBy64, 0UL), 0x00) ^ t;

        Vector128<ulong> barrett = Vector128.Create(BarrettPolynomial, BarrettMu);
        t = Pclmulqdq.CarrylessMultiply(x1 & low32, barrett, 0x10);
        t = Pclmulqdq.CarrylessMultiply(t & low32, barrett, 0x00);
        return (x1 ^ t).AsUInt32().GetElement(1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Load(ref byte source, int offset) => Vector128.LoadUnsafe(ref source, (nuint)offset).AsUInt64();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Fold(Vector128<ulong> value, Vector128<ulong> by) =>
        Pclmulqdq.CarrylessMultiply(value, by, 0x00) ^ Pclmulqdq.CarrylessMultiply(value, by, 0x11);

    private static uint[] BuildTables()
    {
        uint[] tables = new uint[8 * 256];
        for (uint i = 0u; i < 256; i++)
        {
            uint value = i;
            for (int bit = 0; bit < 8; bit++)
            {
                value = (value & 1) != 0 ? (value >> 1) ^ Polynomial : value >> 1;
            }

            tables[i] = value;
        }

        for (int i = 0; i < 256; i++)
        {
            for (int k = 1; k < 8; k++)
            {
                uint previous = tables[((k - 1) * 256) + i];
                tables[(k * 256) + i] = tables[previous & 0xFF] ^ (previous >> 8);
            }
        }

        return tables;
    }
}
