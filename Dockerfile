# zimage with LibTorch, on Debian 12. Build: docker build -t zimage .      (long: the kernels of all architectures)
# Run, with NVIDIA's container toolkit:
#   docker run --rm --gpus all -v "$PWD:/pictures" -v ~/.cache/huggingface:/root/.cache/huggingface zimage \
#     generate --model Tongyi-MAI/Z-Image-Turbo --prompt "a lighthouse at dusk, oil painting" --out lighthouse.png
FROM debian:12 AS build
COPY . /zimage
WORKDIR /zimage
RUN scripts/package.sh

FROM debian:12
COPY --from=build /zimage/build/package/*.deb /tmp/
RUN apt-get update && apt-get install -y --no-install-recommends /tmp/*.deb ca-certificates \
 && rm -rf /tmp/*.deb /var/lib/apt/lists/* && zimage-setup
WORKDIR /pictures
ENTRYPOINT ["zimage"]
